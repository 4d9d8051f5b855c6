package storage

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// TestTailAndFilesAgree reads every range twice, from a log that keeps all of
// it in memory and from one that keeps nothing.
func TestTailAndFilesAgree(t *testing.T) {
	inMemory, _ := openTestLog(t, NewMemFS(), DefaultLogConfig(), false)
	cfg := DefaultLogConfig()
	cfg.TailBytes, cfg.IndexIntervalBytes = 1, 150
	onDisk, _ := openTestLog(t, NewMemFS(), cfg, false)
	for i := range 12 {
		b := appendValues(t, inMemory, model.Epoch(i/3), 1+i%4)
		require.NoError(t, onDisk.Append(b))
	}
	require.Len(t, inMemory.tail.batches, 12)
	require.Zero(t, onDisk.tail.bytes)
	end := inMemory.EndOffset()
	for from := model.Offset(0); from <= end; from++ {
		for bound := from; bound <= end; bound++ {
			for _, maxBytes := range []int{0, 1, 100, 250, 1 << 20} {
				for _, atLeastOne := range []bool{true, false} {
					want, err := inMemory.Read(from, maxBytes, bound, atLeastOne)
					require.NoError(t, err)
					got, err := onDisk.Read(from, maxBytes, bound, atLeastOne)
					require.NoError(t, err)
					require.Equal(t, want, got, "from %d max %d end %d atLeastOne %t", from, maxBytes, bound, atLeastOne)
				}
			}
		}
	}
}

func TestReadIsACopy(t *testing.T) {
	l, _ := openTestLog(t, NewMemFS(), DefaultLogConfig(), false)
	appendValues(t, l, 0, 2)
	data, err := l.Read(0, 1000, 2, true)
	require.NoError(t, err)
	clear(data)
	require.NotEmpty(t, content(t, l), "which validates every batch")
}

func TestTailKeepsToItsLimit(t *testing.T) {
	cfg := DefaultLogConfig()
	cfg.TailBytes = 500
	l, _ := openTestLog(t, NewMemFS(), cfg, false)
	for range 100 {
		appendValues(t, l, 0, 1)
		require.LessOrEqual(t, l.tail.bytes, 500)
		require.Less(t, len(l.tail.batches), 20)
	}
	require.NoError(t, l.Truncate(98))
	held := 0
	for _, b := range l.tail.batches[l.tail.head:] {
		require.Less(t, b.BaseOffset(), model.Offset(98))
		held += len(b)
	}
	require.Equal(t, held, l.tail.bytes)
}

// TestLargeBatchAfterSparseIndex reads a batch that begins further on than the
// first read reaches, and is larger than what was asked for.
func TestLargeBatchAfterSparseIndex(t *testing.T) {
	cfg := DefaultLogConfig()
	cfg.TailBytes, cfg.IndexIntervalBytes = 1, 50
	l, _ := openTestLog(t, NewMemFS(), cfg, false)
	for range 2 {
		b := BuildBatch([][]byte{make([]byte, 5000)}, BatchOptions{})
		b.Stamp(l.EndOffset(), 0)
		require.NoError(t, l.Append(b))
	}
	data, err := l.Read(1, 10, 2, true)
	require.NoError(t, err)
	require.Equal(t, model.Offset(1), Batch(data).BaseOffset())
	require.NoError(t, Batch(data).Validate())
	data, err = l.Read(0, 10, 2, false)
	require.NoError(t, err)
	require.Nil(t, data)
}

// TestReadFindsDamage: a length that was damaged under a running broker is an
// error, not an endless search.
func TestReadFindsDamage(t *testing.T) {
	for _, c := range []struct {
		name string
		byte int64
	}{
		{"length beyond the file", lengthAt},
		{"length below a header", lengthAt + 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := NewMemFS()
			cfg := DefaultLogConfig()
			cfg.TailBytes = 1
			l, _ := openTestLog(t, fs, cfg, false)
			appendValues(t, l, 0, 1)
			f, err := fs.OpenFile(segmentPath(testDir, 0) + logSuffix)
			require.NoError(t, err)
			_, err = f.WriteAt([]byte{1}, c.byte)
			require.NoError(t, err)
			_, err = l.Read(0, 1000, 1, true)
			require.ErrorIs(t, err, ErrLogFailed)
		})
	}
}
