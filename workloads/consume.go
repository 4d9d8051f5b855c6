package workloads

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ackproof/ackproof/harness/history"
)

const (
	// pollEvery bounds the polls of one reader. Concurrent reads are what makes
	// a linearizability search expensive, so readers are few and slow.
	pollEvery = 20 * time.Millisecond
	// moveAfter is how many polls a consumer makes before it is assigned to
	// another place. Records that were read once must read the same again.
	moveAfter = 150
	// rereadAtMost is how far back such a move seeks at most, in records.
	rereadAtMost = 500
)

// consume is an assigned consumer: it reads a partition from the start on, is
// moved from time to time, and starts over when its position is gone.
func (l *Log) consume(consumer Consumer, worker int) func(context.Context) {
	draw := stream(l.opts.Seed, fmt.Sprintf("workload/consumer/%d", worker))
	return func(ctx context.Context) {
		c := &reader{
			log: l, consumer: consumer, process: newProcess(l.rec), draw: draw,
			partition: int32(worker) % l.opts.Partitions,
			position:  make([]int64, l.opts.Partitions),
		}
		for !l.ended() {
			if c.assigned || c.assign(ctx) {
				c.poll(ctx)
			}
			if !l.pause(pollEvery) {
				return
			}
		}
	}
}

type reader struct {
	log      *Log
	consumer Consumer
	process  *process
	draw     *rand.Rand

	partition int32
	assigned  bool
	polls     int     // since it was assigned
	position  []int64 // by partition: the next offset to read
}

func (r *reader) assign(ctx context.Context) bool {
	ctx, cancel := r.log.time.WithTimeout(ctx, r.log.opts.ReadTimeout)
	defer cancel()
	at := r.position[r.partition]
	complete := r.process.invoke(history.Event{
		F: history.Assign, Topic: r.log.opts.Topic, Partition: r.partition, Offset: &at,
	})
	err := r.consumer.Assign(ctx, r.log.opts.Topic, r.partition, at)
	complete(history.Event{Offset: &at}, err)
	r.assigned, r.polls = err == nil, 0
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
	if r.polls++; r.polls >= moveAfter {
		r.move()
	}
}

// move leaves the partition for one that is drawn, a drawn number of records
// before the position it had there.
func (r *reader) move() {
	r.partition = r.draw.Int32N(r.log.opts.Partitions)
	back := r.draw.Int64N(rereadAtMost + 1)
	r.position[r.partition] = max(0, r.position[r.partition]-back)
	r.assigned = false
}
