package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/ackproof/ackproof/broker/model"
)

// Where the fields of a record batch of magic 2 stand. The CRC covers
// everything from the attributes on, so that base offset and leader epoch can
// be overwritten without computing it again.
const (
	baseOffsetAt      = 0
	lengthAt          = 8
	leaderEpochAt     = 12
	magicAt           = 16
	crcAt             = 17
	attributesAt      = 21
	lastOffsetDeltaAt = 23
	baseTimestampAt   = 27
	maxTimestampAt    = 35
	producerIDAt      = 43
	producerEpochAt   = 51
	baseSequenceAt    = 53
	countAt           = 57

	// BatchHeaderSize is the bytes of a batch before its records.
	BatchHeaderSize = 61

	lengthOverhead = lengthAt + 4 // the length field counts what follows it

	codecMask      = 0x07
	highestCodec   = 4
	appendTimeFlag = 1 << 3
	controlFlag    = 1 << 5
	currentMagic   = 2

	// NoProducerID marks a batch of a producer that is not idempotent.
	NoProducerID int64 = -1
	// NoSequence is the base sequence of such a batch.
	NoSequence int32 = -1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrTruncated says that the buffer ends inside a batch.
var ErrTruncated = errors.New("buffer ends inside a record batch")

// BatchError is a batch that must not enter a log, with the code that a client
// is told.
type BatchError struct {
	Code   model.ErrorCode
	Reason string
}

func (e *BatchError) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Reason) }

// Unwrap gives the protocol's code.
func (e *BatchError) Unwrap() error { return e.Code }

func refuse(code model.ErrorCode, format string, args ...any) error {
	return &BatchError{Code: code, Reason: fmt.Sprintf(format, args...)}
}

// Batch is one record batch of magic 2: opaque bytes behind a header. The
// header's fields are read where they stand; a Batch shorter than
// BatchHeaderSize is a mistake of the caller.
type Batch []byte

func (b Batch) int16At(at int) int16 { return int16(binary.BigEndian.Uint16(b[at:])) }
func (b Batch) int32At(at int) int32 { return int32(binary.BigEndian.Uint32(b[at:])) }
func (b Batch) int64At(at int) int64 { return int64(binary.BigEndian.Uint64(b[at:])) }

// BaseOffset is the offset of the first record.
func (b Batch) BaseOffset() model.Offset { return model.Offset(b.int64At(baseOffsetAt)) }

// LastOffset is the offset of the last record.
func (b Batch) LastOffset() model.Offset {
	return b.BaseOffset() + model.Offset(b.int32At(lastOffsetDeltaAt))
}

// NextOffset is the offset after the last record.
func (b Batch) NextOffset() model.Offset { return b.LastOffset() + 1 }

// Length is the size of the whole batch in bytes, as its header has it.
func (b Batch) Length() int { return int(b.int32At(lengthAt)) + lengthOverhead }

// LeaderEpoch is the epoch of the leader that took the batch in.
func (b Batch) LeaderEpoch() model.Epoch { return model.Epoch(b.int32At(leaderEpochAt)) }

// Magic is the format version.
func (b Batch) Magic() int8 { return int8(b[magicAt]) }

// ProducerID is NoProducerID for a producer that is not idempotent.
func (b Batch) ProducerID() int64 { return b.int64At(producerIDAt) }

// ProducerEpoch fences older lives of the same producer id.
func (b Batch) ProducerEpoch() int16 { return b.int16At(producerEpochAt) }

// BaseSequence is the producer's number for the first record.
func (b Batch) BaseSequence() int32 { return b.int32At(baseSequenceAt) }

// LastSequence is the producer's number for the last record; numbers go from
// math.MaxInt32 on to 0.
func (b Batch) LastSequence() int32 {
	base, delta := b.BaseSequence(), b.int32At(lastOffsetDeltaAt)
	if base == NoSequence {
		return NoSequence
	}
	if base > math.MaxInt32-delta {
		return delta - (math.MaxInt32 - base) - 1
	}
	return base + delta
}

// Count is the number of records.
func (b Batch) Count() int32 { return b.int32At(countAt) }

// BaseTimestamp is the first record's, in milliseconds since the Unix epoch.
func (b Batch) BaseTimestamp() int64 { return b.int64At(baseTimestampAt) }

// MaxTimestamp is the largest record timestamp, in milliseconds since the Unix
// epoch.
func (b Batch) MaxTimestamp() int64 { return b.int64At(maxTimestampAt) }

// Codec is 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.
func (b Batch) Codec() int8 { return int8(b.int16At(attributesAt) & codecMask) }

// IsControl marks transaction markers.
func (b Batch) IsControl() bool { return b.int16At(attributesAt)&controlFlag != 0 }

// Stamp gives the batch its place in the log, in the 12 bytes that the CRC
// leaves out.
func (b Batch) Stamp(base model.Offset, epoch model.Epoch) {
	binary.BigEndian.PutUint64(b[baseOffsetAt:], uint64(base))
	binary.BigEndian.PutUint32(b[leaderEpochAt:], uint32(epoch))
}

// Validate checks that the bytes are one whole, undamaged batch. Its errors
// are *BatchError.
func (b Batch) Validate() error {
	switch {
	case len(b) < BatchHeaderSize:
		return refuse(model.CorruptMessage, "batch of %d bytes: its header alone has %d", len(b), BatchHeaderSize)
	case b.Magic() != currentMagic:
		return refuse(model.UnsupportedForMessageFormat, "magic %d: only %d is supported", b.Magic(), currentMagic)
	case b.Length() != len(b):
		return refuse(model.CorruptMessage, "length field says %d bytes: there are %d", b.Length(), len(b))
	}
	if want, got := uint32(b.int32At(crcAt)), crc32.Checksum(b[attributesAt:], castagnoli); want != got {
		return refuse(model.CorruptMessage, "crc %08x: content has %08x", want, got)
	}
	if b.Count() < 1 || b.int32At(lastOffsetDeltaAt) < b.Count()-1 {
		return refuse(model.InvalidRecord, "record count %d with last offset delta %d", b.Count(), b.int32At(lastOffsetDeltaAt))
	}
	return nil
}

// FirstBatch splits the first batch off a run of batches without checking its
// CRC. ErrTruncated means that more bytes are needed.
func FirstBatch(buf []byte) (first Batch, rest []byte, err error) {
	if len(buf) < lengthOverhead {
		return nil, buf, ErrTruncated
	}
	total := Batch(buf).Length()
	if total < BatchHeaderSize {
		return nil, buf, refuse(model.CorruptMessage, "length field says %d bytes: a header alone has %d", total, BatchHeaderSize)
	}
	if len(buf) < total {
		return nil, buf, ErrTruncated
	}
	return Batch(buf[:total:total]), buf[total:], nil
}

// ValidateProduce checks what a client wants to have appended: exactly one
// batch of at most maxBytes, with the errors that Kafka gives. Records inside
// are not decoded.
func ValidateProduce(buf []byte, maxBytes int) (Batch, error) {
	if len(buf) > magicAt && Batch(buf).Magic() != currentMagic {
		return nil, refuse(model.UnsupportedForMessageFormat, "magic %d: only %d is supported", Batch(buf).Magic(), currentMagic)
	}
	b, rest, err := FirstBatch(buf)
	switch {
	case errors.Is(err, ErrTruncated):
		return nil, refuse(model.CorruptMessage, "%d bytes: %v", len(buf), err)
	case err != nil:
		return nil, err
	case len(rest) > 0:
		return nil, refuse(model.InvalidRecord, "%d bytes follow the batch: exactly one batch is allowed", len(rest))
	case len(b) > maxBytes:
		return nil, refuse(model.MessageTooLarge, "batch of %d bytes: at most %d are allowed", len(b), maxBytes)
	}
	if err := b.Validate(); err != nil {
		return nil, err
	}
	switch {
	case b.BaseOffset() != 0:
		return nil, refuse(model.InvalidRecord, "base offset %d: a producer must send 0", b.BaseOffset())
	case b.int32At(lastOffsetDeltaAt) != b.Count()-1:
		return nil, refuse(model.InvalidRecord, "last offset delta %d with %d records", b.int32At(lastOffsetDeltaAt), b.Count())
	case b.Codec() > highestCodec:
		return nil, refuse(model.UnsupportedCompressionType, "codec %d: allowed are 0 to %d", b.Codec(), highestCodec)
	case b.int16At(attributesAt)&appendTimeFlag != 0:
		return nil, refuse(model.InvalidRecord, "log append time: only create time is supported")
	case b.IsControl():
		return nil, refuse(model.InvalidRecord, "control batch: only the broker writes those")
	case b.ProducerID() != NoProducerID && b.BaseSequence() < 0:
		return nil, refuse(model.InvalidRecord, "base sequence %d with producer id %d: must be >= 0", b.BaseSequence(), b.ProducerID())
	}
	return b, nil
}
