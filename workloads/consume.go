package workloads

import (
	"context"

	"github.com/ackproof/ackproof/harness/history"
)

// consume is an assigned consumer: it reads each partition from the start on,
// goes where it is moved, and starts over where its position is gone.
func (l *Log) consume(consumer Consumer) func(context.Context, Op) {
	r := &reader{
		log: l, consumer: consumer, process: newProcess(l.rec),
		position: make([]int64, l.opts.Partitions),
	}
	return func(ctx context.Context, op Op) {
		if op.F == Move {
			r.position[op.Partition] = max(0, r.position[op.Partition]-op.Back)
			r.assign(ctx, op.Partition)
			return
		}
		if r.assigned && r.partition == op.Partition || r.assign(ctx, op.Partition) {
			r.poll(ctx)
		}
	}
}

type reader struct {
	log      *Log
	consumer Consumer
	process  *process

	partition int32 // the one it is assigned to
	assigned  bool
	position  []int64 // by partition: the next offset to read
}

func (r *reader) assign(ctx context.Context, partition int32) bool {
	ctx, cancel := r.log.time.WithTimeout(ctx, r.log.opts.ReadTimeout)
	defer cancel()
	at := r.position[partition]
	complete := r.process.invoke(history.Event{
		F: history.Assign, Topic: r.log.opts.Topic, Partition: partition, Offset: &at,
	})
	err := r.consumer.Assign(ctx, r.log.opts.Topic, partition, at)
	complete(history.Event{Offset: &at}, err)
	r.partition, r.assigned = partition, err == nil
	return r.assigned
}

func (r *reader) poll(ctx context.Context) {
	ctx, cancel := r.log.time.WithTimeout(ctx, r.log.opts.ReadTimeout)
	defer cancel()
	from := r.position[r.partition]
	complete := r.process.invoke(history.Event{
		F: history.Poll, Topic: r.log.opts.Topic, Partition: r.partition, Offset: &from,
	})
	records, err := r.consumer.Poll(ctx)
	complete(history.Event{Offset: &from, Records: records}, err)
	if n := len(records); n > 0 {
		r.position[r.partition] = records[n-1].Offset + 1
	}
	if err != nil && err.Name == OffsetOutOfRange {
		r.position[r.partition], r.assigned = 0, false
	}
}
