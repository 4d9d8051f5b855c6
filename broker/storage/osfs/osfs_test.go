package osfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/broker/storage/osfs"
)

// TestLogOnDisk keeps a log on the real disk over a clean and an unclean stop.
func TestLogOnDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "topic-0")
	cfg := storage.DefaultLogConfig()
	cfg.SegmentBytes = 1000
	end := model.Offset(0)
	for _, clean := range []bool{true, false, true} {
		l, rec, err := storage.OpenLog(osfs.New(), dir, cfg, clean)
		require.NoError(t, err)
		require.Empty(t, rec.Reason)
		require.Equal(t, end, l.EndOffset())
		for range 20 {
			appendOne(t, l)
		}
		end = l.EndOffset()
		require.NoError(t, l.Close(clean))
	}
	logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
	require.NoError(t, err)
	require.Greater(t, len(logs), 2)
	require.NoError(t, os.Truncate(logs[len(logs)-1], 50))
	l, rec, err := storage.OpenLog(osfs.New(), dir, cfg, false)
	require.NoError(t, err)
	require.Positive(t, rec.TruncatedBytes)
	require.Less(t, l.EndOffset(), end)
	require.NoError(t, l.Close(false))
}

func appendOne(t *testing.T, l *storage.Log) {
	b := storage.BuildBatch([][]byte{[]byte("one"), []byte("two")}, storage.BatchOptions{})
	b.Stamp(l.EndOffset(), 0)
	require.NoError(t, l.Append(b))
}

// TestSyncBesideEverythingElse syncs in another goroutine while the log is
// written, cut and emptied: under -race it shows that a File allows it.
func TestSyncBesideEverythingElse(t *testing.T) {
	cfg := storage.DefaultLogConfig()
	cfg.SegmentBytes = 1000
	l, _, err := storage.OpenLog(osfs.New(), filepath.Join(t.TempDir(), "topic-0"), cfg, false)
	require.NoError(t, err)
	tickets := make(chan storage.FlushTicket, 1)
	var syncing sync.WaitGroup
	syncing.Go(func() {
		for ticket := range tickets {
			if err := ticket.Sync(osfs.New()); err != nil && !errors.Is(err, storage.ErrFileClosed) {
				t.Errorf("sync: %v", err)
			}
		}
	})
	for i := range 40 {
		appendOne(t, l)
		if i%3 == 0 {
			tickets <- l.Flush()
		}
		if i%10 == 9 {
			require.NoError(t, l.Truncate(l.EndOffset()-2))
		}
		if i == 30 {
			require.NoError(t, l.TruncateFullyAndStartAt(100))
		}
	}
	close(tickets)
	syncing.Wait()
	require.NoError(t, l.Close(true))
}

func TestFailedAppendLeavesTheFileAsItWas(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	f, err := osfs.New().OpenFile(name)
	require.NoError(t, err)
	require.NoError(t, f.Append([]byte("abc")))
	require.NoError(t, f.Close())
	require.ErrorIs(t, f.Append([]byte("def")), storage.ErrFileClosed)
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, "abc", string(data))
}
