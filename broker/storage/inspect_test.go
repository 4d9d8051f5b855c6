package storage

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// inspected is a log of five batches of two records each in small segments, of
// which as many bytes as given are kept in memory.
func inspected(t *testing.T, inMemory int) (*Log, *MemFS) {
	fs := NewMemFS()
	config := DefaultLogConfig()
	config.TailBytes, config.SegmentBytes = inMemory, 200
	log, _, err := OpenLog(fs, "t-0", config, false)
	require.NoError(t, err)
	for base := model.Offset(0); base < 10; base += 2 {
		b := BuildBatch([][]byte{{'a'}, {'b'}}, BatchOptions{})
		b.Stamp(base, 0)
		require.NoError(t, log.Append(b))
	}
	return log, fs
}

func basesIn(t *testing.T, log *Log, from, end model.Offset) []model.Offset {
	var bases []model.Offset
	require.NoError(t, log.EachBatch(from, end, func(b Batch) error {
		bases = append(bases, b.BaseOffset())
		return nil
	}))
	return bases
}

func TestEachBatchVisitsWholeBatches(t *testing.T) {
	for name, inMemory := range map[string]int{"in files": 1, "in both": 160, "in memory": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			log, _ := inspected(t, inMemory)
			require.Equal(t, []model.Offset{0, 2, 4, 6, 8}, basesIn(t, log, 0, 10))
			require.Equal(t, []model.Offset{0, 2, 4, 6, 8}, basesIn(t, log, 1, 99), "from the one that contains the offset")
			require.Equal(t, []model.Offset{2, 4}, basesIn(t, log, 2, 7), "none that goes beyond the end")
			require.Empty(t, basesIn(t, log, 10, 10))
			require.Empty(t, basesIn(t, log, 8, 9))
			stop := errors.New("stop")
			visits := 0
			require.ErrorIs(t, log.EachBatch(0, 10, func(Batch) error { visits++; return stop }), stop)
			require.Equal(t, 1, visits)
		})
	}
}

func TestLookingDoesNotMakeALogFail(t *testing.T) {
	log, fs := inspected(t, 1)
	broken := errors.New("input/output error")
	fs.FailNext(OpRead, broken)
	require.ErrorIs(t, log.EachBatch(0, 10, func(Batch) error { return nil }), broken)
	require.NoError(t, log.Err())
	require.Len(t, basesIn(t, log, 0, 10), 5)
}

func TestLastBatchIsTheOneInMemory(t *testing.T) {
	log, _ := inspected(t, 1<<20)
	last, ok := log.LastBatch()
	require.True(t, ok)
	require.Equal(t, model.Offset(8), last.BaseOffset())
	require.NoError(t, log.Truncate(4))
	last, ok = log.LastBatch()
	require.True(t, ok)
	require.Equal(t, model.Offset(2), last.BaseOffset())
	log, _ = inspected(t, 1)
	_, ok = log.LastBatch()
	require.False(t, ok)
}
