package storage

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

const testDir = "log"

// openTestLog opens the log of testDir; a small segment size comes from cfg.
func openTestLog(t testing.TB, fs FS, cfg LogConfig, clean bool) (*Log, Recovery) {
	l, rec, err := OpenLog(fs, testDir, cfg, clean)
	require.NoError(t, err)
	return l, rec
}

func smallSegments(bytes int64) LogConfig {
	cfg := DefaultLogConfig()
	cfg.SegmentBytes = bytes
	cfg.IndexIntervalBytes = 100
	return cfg
}

// appendValues appends a batch of n records in an epoch.
func appendValues(t testing.TB, l *Log, epoch model.Epoch, n int) Batch {
	records := make([][]byte, n)
	for i := range records {
		records[i] = fmt.Appendf(nil, "value %d", int(l.EndOffset())+i)
	}
	b := BuildBatch(records, BatchOptions{})
	b.Stamp(l.EndOffset(), epoch)
	require.NoError(t, l.Append(b))
	return b
}

func flushLog(t testing.TB, l *Log) {
	ticket := l.Flush()
	require.NoError(t, ticket.Sync(l.fs))
	l.Flushed(ticket)
}

// content reads all records' batches.
func content(t testing.TB, l *Log) []byte {
	var all []byte
	for from := l.StartOffset(); from < l.EndOffset(); {
		data, err := l.Read(from, 1<<20, l.EndOffset(), true)
		require.NoError(t, err)
		require.NotEmpty(t, data, "at %d", from)
		all = append(all, data...)
		for len(data) > 0 {
			b, rest, err := FirstBatch(data)
			require.NoError(t, err)
			require.NoError(t, b.Validate())
			from, data = b.NextOffset(), rest
		}
	}
	return all
}
