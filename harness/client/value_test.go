package client

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/harness/history"
)

func TestValuesComeBack(t *testing.T) {
	for _, v := range []int64{1, 9, 10, 1234567, math.MaxInt64} {
		require.Equal(t, v, DecodeValue(EncodeValue(v)))
	}
}

// Nobody sends a negative value, so garbage is a phantom to the checker.
func TestGarbageIsAValueThatNobodySent(t *testing.T) {
	for _, b := range []string{"", "0", "-5", "007", "+7", "12x", "9223372036854775808", "\x00\xff"} {
		require.Negative(t, DecodeValue([]byte(b)), "%q", b)
	}
	require.Equal(t, DecodeValue([]byte("torn")), DecodeValue([]byte("torn")))
	require.NotEqual(t, DecodeValue([]byte("torn")), DecodeValue([]byte("tor")))
}

func TestBatchesAreReadAsTheyTravel(t *testing.T) {
	batch := storage.BuildBatch([][]byte{EncodeValue(7), EncodeValue(8)}, storage.BatchOptions{})
	records, err := DecodeBatches(batch)
	require.NoError(t, err)
	require.Equal(t, []history.Record{{Offset: 0, Value: 7}, {Offset: 1, Value: 8}}, records)
	_, err = DecodeBatches(batch[:len(batch)-1])
	require.NoError(t, err, "an answer may end in the middle of a batch")
}
