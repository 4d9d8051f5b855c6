package storage

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

func values(texts ...string) [][]byte {
	var vs [][]byte
	for _, text := range texts {
		vs = append(vs, []byte(text))
	}
	return vs
}

func TestBuiltBatchIsWhatKafkaClientsRead(t *testing.T) {
	b := BuildBatch(values("a", "bc"), BatchOptions{Timestamp: 1000, TimestampStep: 7, ProducerID: 9, ProducerEpoch: 3, BaseSequence: 40})
	b.Stamp(500, 6)
	require.NoError(t, b.Validate(), "stamping leaves the CRC valid")

	var read kmsg.RecordBatch
	require.NoError(t, read.ReadFrom(b))
	require.Equal(t, int64(500), read.FirstOffset)
	require.Equal(t, int32(6), read.PartitionLeaderEpoch)
	require.Equal(t, int32(2), read.NumRecords)
	var first kmsg.Record
	require.NoError(t, first.ReadFrom(read.Records))
	require.Equal(t, "a", string(first.Value))

	require.Equal(t, model.Offset(500), b.BaseOffset())
	require.Equal(t, model.Offset(501), b.LastOffset())
	require.Equal(t, model.Offset(502), b.NextOffset())
	require.Equal(t, len(b), b.Length())
	require.Equal(t, model.Epoch(6), b.LeaderEpoch())
	require.Equal(t, int8(2), b.Magic())
	require.Equal(t, int64(9), b.ProducerID())
	require.Equal(t, int16(3), b.ProducerEpoch())
	require.Equal(t, int32(40), b.BaseSequence())
	require.Equal(t, int32(41), b.LastSequence())
	require.Equal(t, int32(2), b.Count())
	require.Equal(t, int64(1000), b.BaseTimestamp())
	require.Equal(t, int64(1007), b.MaxTimestamp())
	require.Zero(t, b.Codec())
	require.False(t, b.IsControl())
	require.True(t, BuildBatch(values("m"), BatchOptions{Control: true}).IsControl())
}

func TestLastSequenceWraps(t *testing.T) {
	for _, c := range []struct {
		base  int32
		count int
		want  int32
	}{
		{0, 1, 0},
		{5, 3, 7},
		{math.MaxInt32, 1, math.MaxInt32},
		{math.MaxInt32, 2, 0},
		{math.MaxInt32 - 1, 4, 1},
	} {
		b := BuildBatch(make([][]byte, c.count), BatchOptions{ProducerID: 1, BaseSequence: c.base})
		require.Equal(t, c.want, b.LastSequence(), "base %d count %d", c.base, c.count)
	}
	require.Equal(t, NoSequence, BuildBatch(values("a", "b"), BatchOptions{}).LastSequence())
}

// altered applies a change and computes the CRC again, so that only the
// changed field is wrong.
func altered(b Batch, change func(b Batch)) Batch {
	change(b)
	b.seal()
	return b
}

func TestValidateProduce(t *testing.T) {
	const limit = 200
	build := func() Batch { return BuildBatch(values("one", "two"), BatchOptions{}) }
	for _, c := range []struct {
		name string
		sent []byte
		want model.ErrorCode
	}{
		{"good", build(), model.None},
		{"good, idempotent", BuildBatch(values("x"), BatchOptions{ProducerID: 1, BaseSequence: 7}), model.None},
		{"empty", nil, model.CorruptMessage},
		{"cut short", build()[:70], model.CorruptMessage},
		{"header cut short", build()[:30], model.CorruptMessage},
		{"length below a header", altered(build(), func(b Batch) { b[lengthAt+3] = 3 }), model.CorruptMessage},
		{"two batches", append(build(), build()...), model.InvalidRecord},
		{"too large", BuildBatch([][]byte{make([]byte, limit)}, BatchOptions{}), model.MessageTooLarge},
		{"magic 1", altered(build(), func(b Batch) { b[magicAt] = 1 }), model.UnsupportedForMessageFormat},
		{"magic 1, short", altered(build(), func(b Batch) { b[magicAt] = 1 })[:34], model.UnsupportedForMessageFormat},
		{"flipped bit", func() []byte { b := build(); b[len(b)-1] ^= 1; return b }(), model.CorruptMessage},
		{"base offset set", altered(build(), func(b Batch) { b.Stamp(5, 0) }), model.InvalidRecord},
		{"no records", altered(build(), func(b Batch) { b[countAt+3] = 0 }), model.InvalidRecord},
		{"sparse offsets", altered(build(), func(b Batch) { b[lastOffsetDeltaAt+3] = 9 }), model.InvalidRecord},
		{"zstd", altered(build(), func(b Batch) { b[attributesAt+1] = 4 }), model.None},
		{"codec 5", altered(build(), func(b Batch) { b[attributesAt+1] = 5 }), model.UnsupportedCompressionType},
		{"log append time", altered(build(), func(b Batch) { b[attributesAt+1] = appendTimeFlag }), model.InvalidRecord},
		{"control", BuildBatch(values("x"), BatchOptions{Control: true}), model.InvalidRecord},
		{"producer without sequence", altered(build(), func(b Batch) { copy(b[producerIDAt:], make([]byte, 8)) }), model.InvalidRecord},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := ValidateProduce(c.sent, limit)
			if c.want == model.None {
				require.NoError(t, err)
				require.Equal(t, Batch(c.sent), b)
				return
			}
			var refused *BatchError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, c.want, refused.Code, "%v", err)
			require.ErrorIs(t, err, c.want)
		})
	}
}

func TestFirstBatchSplitsARun(t *testing.T) {
	one, two := BuildBatch(values("one"), BatchOptions{}), BuildBatch(values("two"), BatchOptions{})
	run := append(append([]byte{}, one...), two...)
	first, rest, err := FirstBatch(run)
	require.NoError(t, err)
	require.Equal(t, one, first)
	second, rest, err := FirstBatch(rest)
	require.NoError(t, err)
	require.Equal(t, two, second)
	_, _, err = FirstBatch(rest)
	require.ErrorIs(t, err, ErrTruncated)
	for cut := range len(one) {
		_, _, err = FirstBatch(one[:cut])
		require.ErrorIs(t, err, ErrTruncated, "at %d", cut)
	}
}
