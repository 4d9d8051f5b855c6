package workloads

import (
	"context"

	"github.com/ackproof/ackproof/harness/history"
)

// produce is one lane of a producer: it sends a value and waits for the outcome.
func (l *Log) produce(producer Producer) func(context.Context, Op) {
	p := newProcess(l.rec)
	return func(ctx context.Context, op Op) {
		ctx, cancel := l.time.WithTimeout(ctx, l.opts.SendTimeout)
		defer cancel()
		value := l.NextValue()
		complete := p.invoke(history.Event{F: history.Send, Topic: l.opts.Topic, Partition: op.Partition, Value: value})
		offset, err := producer.Send(ctx, l.opts.Topic, op.Partition, value)
		if err != nil {
			complete(history.Event{}, err)
			return
		}
		complete(history.Event{Offset: &offset}, nil)
		l.acked.Add(1)
	}
}
