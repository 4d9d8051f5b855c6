package workloads

import (
	"context"
	"fmt"

	"github.com/ackproof/ackproof/harness/history"
)

// OpError says how an operation ended that was not ok.
type OpError struct {
	// Class is history.Fail (it did not happen and never will) or history.Info
	// (nobody knows).
	Class history.Type
	// Name is the protocol's name of the error, or a class such as TIMEOUT.
	Name string
	// Detail is one line for people; it may be empty.
	Detail string
}

func (e *OpError) Error() string {
	if e.Detail == "" {
		return e.Name
	}
	return fmt.Sprintf("%s: %s", e.Name, e.Detail)
}

// NoOffset is the offset of an acknowledged send whose configuration tells
// none (acks=0).
const NoOffset int64 = -1

// OffsetOutOfRange is the name of the error that tells a reader that its
// position is not in the log: it has to choose a new one.
const OffsetOutOfRange = "OFFSET_OUT_OF_RANGE"

// Dialer makes the connections of a workload's workers.
type Dialer interface {
	Producer(worker int) (Producer, error)
	Consumer(worker int) (Consumer, error)
	Prober(worker int) (Prober, error)
}

// Producer appends values. Several sends may be in flight at once.
type Producer interface {
	// Send returns the offset of the appended value, or NoOffset.
	Send(ctx context.Context, topic string, partition int32, value int64) (int64, *OpError)
	Close()
}

// Consumer reads one partition at a time, as an assigned consumer does: from
// its position on, following the leader.
type Consumer interface {
	// Assign leaves the partition read so far and seeks to offset in this one.
	Assign(ctx context.Context, topic string, partition int32, offset int64) *OpError
	// Poll returns the records at the position and moves it behind them.
	Poll(ctx context.Context) ([]history.Record, *OpError)
	Close()
}

// Prober asks brokers directly, one after another, whether they lead or not:
// a deposed leader that still answers is the interesting one.
type Prober interface {
	// EndOffset returns the partition's end as a consumer sees it, and the
	// leader epoch under which it was answered; a negative epoch is not known.
	EndOffset(ctx context.Context, topic string, partition int32) (offset int64, epoch int32, err *OpError)
	// Read returns the records from offset on, of one answer.
	Read(ctx context.Context, topic string, partition int32, offset int64) ([]history.Record, *OpError)
	Close()
}

// Recorder takes the events of a workload; history.Recorder is one.
type Recorder interface {
	Record(history.Event) history.Event
	NextProcess() int
}
