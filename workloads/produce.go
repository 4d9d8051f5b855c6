package workloads

import (
	"context"
	"fmt"
	"time"

	"github.com/ackproof/ackproof/harness/history"
)

// lane is one sender of a producer: it sends, waits for the outcome, and paces
// itself so that all lanes together keep to the rate. A lane that was held up
// does not catch up: a burst after a fault would only hide what the fault did.
func (l *Log) lane(producer Producer, worker, lane int) func(context.Context) {
	draw := stream(l.opts.Seed, fmt.Sprintf("workload/producer/%d/%d", worker, lane))
	every := time.Second * time.Duration(l.opts.Producers*l.opts.Lanes) / time.Duration(l.opts.Rate)
	return func(ctx context.Context) {
		p := newProcess(l.rec)
		// The first wait spreads the lanes over one period.
		wait := time.Duration(draw.Int64N(int64(every) + 1))
		for l.pause(wait) {
			began := l.time.Now()
			l.send(ctx, producer, p, draw.Int32N(l.opts.Partitions))
			// A fifth of jitter, so that lanes do not march in step.
			jitter := time.Duration(draw.Int64N(int64(every)/5+1)) - every/10
			wait = max(0, every+jitter-l.time.Now().Sub(began))
		}
	}
}

func (l *Log) send(ctx context.Context, producer Producer, p *process, partition int32) {
	ctx, cancel := l.time.WithTimeout(ctx, l.opts.SendTimeout)
	defer cancel()
	value := l.NextValue()
	complete := p.invoke(history.Event{F: history.Send, Topic: l.opts.Topic, Partition: partition, Value: value})
	offset, err := producer.Send(ctx, l.opts.Topic, partition, value)
	if err != nil {
		complete(history.Event{}, err)
		return
	}
	complete(history.Event{Offset: &offset}, nil)
	l.acked.Add(1)
}
