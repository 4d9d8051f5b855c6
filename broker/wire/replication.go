package wire

import (
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
	"github.com/ackproof/ackproof/broker/storage"
)

// Replication is what the handlers of the log's own requests need: the
// partitions that this broker holds, and a place to wait.
type Replication interface {
	// Produce appends each write and calls done once, in the order of writes:
	// at once for acks 0 and 1 or when all were refused, else when each is
	// committed, refused, or timeout has passed.
	Produce(writes []Write, acks Acks, timeout time.Duration, done func([]Written))
	// Fetch reads each partition and calls done once, in the order of reads: as
	// soon as there is enough to return, an error to tell, or the wait is over.
	Fetch(reads []Read, wait Wait, done func([]partition.Fetched))
	// OffsetAt answers ListOffsets for one partition.
	OffsetAt(tp model.TopicPartition, current model.Epoch, timestamp int64, fromFollower bool) partition.OffsetAnswer
	// EpochEnd answers OffsetForLeaderEpoch for one partition.
	EpochEnd(tp model.TopicPartition, current, epoch model.Epoch) (partition.EpochEnd, model.ErrorCode)
	// LeaderHint is the leader and epoch this broker knows, to spare a client
	// that came to the wrong one a metadata request (KIP-951).
	LeaderHint(tp model.TopicPartition) (model.NodeID, model.Epoch)
}

// Acks is a producer's demand on durability.
type Acks int16

// AcksAll waits for the high watermark, AcksLeader for the leader's append,
// AcksNone for nothing.
const (
	AcksAll    Acks = -1
	AcksNone   Acks = 0
	AcksLeader Acks = 1
)

// Write is one batch for one partition. Code is set if it was refused already.
type Write struct {
	Partition model.TopicPartition
	Batch     storage.Batch
	Code      model.ErrorCode
	Message   string
}

// Written answers a Write.
type Written struct {
	Code     model.ErrorCode
	Message  string
	Base     model.Offset
	LogStart model.Offset
}

// Read is a fetch of one partition. Code is set if it was refused already.
type Read struct {
	Partition model.TopicPartition
	Fetch     partition.Fetch
	Code      model.ErrorCode
}

// Wait bounds a fetch: it returns at MinBytes, never much more than MaxBytes
// in all, and after MaxWait in any case.
type Wait struct {
	MinBytes, MaxBytes int
	MaxWait            time.Duration
}
