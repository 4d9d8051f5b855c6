package storage

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// BatchOptions describe a batch to build. The zero value is a plain batch at
// the Unix epoch.
type BatchOptions struct {
	// Timestamp is the first record's, in milliseconds since the Unix epoch.
	Timestamp int64
	// TimestampStep is added from one record to the next, in milliseconds.
	TimestampStep int64
	// ProducerID makes the batch idempotent; 0 and less stand for none.
	ProducerID    int64
	ProducerEpoch int16
	BaseSequence  int32
	Control       bool
}

// BuildBatch encodes values as an uncompressed batch that a producer could
// send: base offset 0, leader epoch -1. It is for tests and tools; the broker
// itself never encodes records.
func BuildBatch(records [][]byte, opts BatchOptions) Batch {
	encoded := kmsg.RecordBatch{
		PartitionLeaderEpoch: int32(model.NoEpoch),
		Magic:                currentMagic,
		LastOffsetDelta:      int32(len(records) - 1),
		FirstTimestamp:       opts.Timestamp,
		MaxTimestamp:         opts.Timestamp,
		ProducerID:           NoProducerID,
		ProducerEpoch:        -1,
		FirstSequence:        NoSequence,
		NumRecords:           int32(len(records)),
	}
	if opts.ProducerID > 0 {
		encoded.ProducerID = opts.ProducerID
		encoded.ProducerEpoch = opts.ProducerEpoch
		encoded.FirstSequence = opts.BaseSequence
	}
	if opts.Control {
		encoded.Attributes |= controlFlag
	}
	for i, value := range records {
		delta := int64(i) * opts.TimestampStep
		encoded.MaxTimestamp = max(encoded.MaxTimestamp, opts.Timestamp+delta)
		encoded.Records = appendRecord(encoded.Records, kmsg.Record{
			TimestampDelta64: delta,
			OffsetDelta:      int32(i),
			Value:            value,
		})
	}
	b := Batch(encoded.AppendTo(nil))
	binary.BigEndian.PutUint32(b[lengthAt:], uint32(len(b)-lengthOverhead))
	b.seal()
	return b
}

// appendRecord fills in the record's length: what follows the length itself.
func appendRecord(dst []byte, r kmsg.Record) []byte {
	const lengthOfZero = 1
	r.Length = int32(len(r.AppendTo(nil)) - lengthOfZero)
	return r.AppendTo(dst)
}

// seal computes the CRC.
func (b Batch) seal() {
	binary.BigEndian.PutUint32(b[crcAt:], crc32.Checksum(b[attributesAt:], castagnoli))
}
