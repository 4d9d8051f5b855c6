package storage

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// TestOffsetForTimestamp compares with a walk over all records, with timestamps
// that go back and forth, over several segments and sparse indexes.
func TestOffsetForTimestamp(t *testing.T) {
	type record struct {
		offset    model.Offset
		timestamp int64
	}
	var records []record
	l, _ := openTestLog(t, NewMemFS(), smallSegments(700), false)
	for i := range 40 {
		first, step := int64(i*10+(i*7)%31), int64(i%5)
		for j := range 3 {
			records = append(records, record{l.EndOffset() + model.Offset(j), first + int64(j)*step})
		}
		b := BuildBatch(values("a", "b", "c"), BatchOptions{Timestamp: first, TimestampStep: step})
		b.Stamp(l.EndOffset(), 0)
		require.NoError(t, l.Append(b))
	}
	require.Greater(t, len(l.segments), 3)

	compare := func(t *testing.T, l *Log) {
		for _, end := range []model.Offset{0, 1, 50, 61, 119, 120} {
			for ts := int64(-5); ts < 460; ts++ {
				want, found := record{}, false
				for _, r := range records {
					if r.offset >= l.StartOffset() && r.offset < end && r.timestamp >= ts {
						want, found = r, true
						break
					}
				}
				off, timestamp, ok, err := l.OffsetForTimestamp(ts, end)
				require.NoError(t, err)
				require.Equal(t, found, ok, "ts %d end %d", ts, end)
				if ok {
					require.Equal(t, want, record{off, timestamp}, "ts %d end %d", ts, end)
				}
			}
			want, found := record{}, false
			for _, r := range records {
				if r.offset >= l.StartOffset() && r.offset < end && (!found || r.timestamp > want.timestamp) {
					want, found = r, true
				}
			}
			off, timestamp, ok, err := l.MaxTimestampOffset(end)
			require.NoError(t, err)
			require.Equal(t, found, ok, "end %d", end)
			if ok {
				require.Equal(t, want, record{off, timestamp}, "end %d", end)
			}
		}
	}
	t.Run("as appended", func(t *testing.T) { compare(t, l) })
	require.NoError(t, l.RaiseStartOffset(31))
	t.Run("with a raised start", func(t *testing.T) { compare(t, l) })
	require.NoError(t, l.Close(true))
	l, rec := openTestLog(t, l.fs, smallSegments(700), true)
	require.Zero(t, rec.ScannedBatches)
	t.Run("with loaded indexes", func(t *testing.T) { compare(t, l) })
	require.NoError(t, l.Truncate(100))
	records = records[:99] // the whole batch of [99, 101] went
	t.Run("truncated", func(t *testing.T) { compare(t, l) })
}

func TestOffsetForTimestampOfRecordsThatCannotBeRead(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(b Batch)
	}{
		{"compressed", func(b Batch) { b[attributesAt+1] = 4 }},
		{"record length beyond the batch", func(b Batch) { b[BatchHeaderSize] = 0x7f }},
		{"record length without end", func(b Batch) { b[len(b)-1], b[BatchHeaderSize] = 0xff, 0 }},
		{"record without deltas", func(b Batch) { b[BatchHeaderSize] = 2 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, _ := openTestLog(t, NewMemFS(), DefaultLogConfig(), false)
			b := altered(BuildBatch(values("a", "b"), BatchOptions{Timestamp: 100, TimestampStep: 10}), c.spoil)
			b.Stamp(0, 0)
			require.NoError(t, l.Append(b))
			off, _, ok, err := l.OffsetForTimestamp(105, 2)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, model.Offset(0), off, "the batch's first offset stands for its records")
			off, timestamp, ok, err := l.MaxTimestampOffset(2)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, model.Offset(0), off)
			require.Equal(t, int64(110), timestamp)
		})
	}
}
