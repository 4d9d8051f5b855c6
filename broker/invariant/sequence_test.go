package invariant

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/storage"
)

// TestProducersKeepTheirSequence takes one batch after a batch of epoch 1 with the
// sequences 4 and 5.
func TestProducersKeepTheirSequence(t *testing.T) {
	of := func(id int64, epoch int16, first int32) storage.Batch {
		return storage.BuildBatch([][]byte{{1}, {2}}, storage.BatchOptions{ProducerID: id, ProducerEpoch: epoch, BaseSequence: first})
	}
	for _, row := range []struct {
		name  string
		batch storage.Batch
		fits  bool
	}{
		{"the next", of(7, 1, 6), true},
		{"the same again", of(7, 1, 4), false},
		{"a gap", of(7, 1, 8), false},
		{"the next epoch", of(7, 2, 0), true},
		{"the next epoch, not from its start", of(7, 2, 6), false},
		{"an older epoch", of(7, 0, 6), false},
		{"another producer", of(8, 0, 9), true},
		{"no producer", of(storage.NoProducerID, 0, 0), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := sequences{}
			require.True(t, s.take(of(7, 1, 4)), "whatever comes first")
			require.Equal(t, row.fits, s.take(row.batch))
		})
	}
	s := sequences{}
	require.True(t, s.take(of(7, 0, math.MaxInt32-1)))
	require.True(t, s.take(of(7, 0, 0)), "they go round")
}

// TestProducersMayBeForgotten where records were deleted, or clocks set.
func TestProducersMayBeForgotten(t *testing.T) {
	s := newScene(t, Options{})
	require.NotNil(t, s.judged(&log{}, sequences{}))
	require.Nil(t, s.judged(&log{deleted: true}, sequences{}))
	s.ClockSet(2)
	require.Nil(t, s.judged(&log{}, sequences{}))
}
