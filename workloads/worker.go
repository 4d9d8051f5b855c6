package workloads

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/ackproof/ackproof/harness/timeline"
)

// worker does one operation after another.
type worker struct {
	ops     iter.Seq[Op]
	every   time.Duration // from one drawn operation to the next
	perform func(context.Context, Op)
	// leave, unless nil, is what it does last, once no operation is left.
	leave func(context.Context)
}

// work performs a worker's operations, each at its time, until there are no more
// or the workload ends. Where the worker was held up until an operation's time
// had passed, one that was drawn and is late by more than a period is left out:
// a lane that was held up does not catch up, for a burst after a fault would only
// hide what the fault did. One that was given is performed at once, so that a
// plan means what it says.
func (l *Log) work(ctx context.Context, w worker) {
	if w.leave != nil {
		defer w.leave(ctx)
	}
	for op := range w.ops {
		due := l.began.Add(op.At.Duration())
		if l.opts.Plan == nil && l.time.Now().Sub(due) > w.every {
			continue
		}
		if !timeline.Until(l.time, l.stopping, due) || l.stopping.Err() != nil {
			return
		}
		if l.opts.Performed != nil {
			op.At = millis(l.time.Now().Sub(l.began))
			l.opts.Performed(op)
		}
		w.perform(ctx, op)
	}
}

// ops are a worker's operations: those of the plan, or what is drawn.
func (l *Log) ops(name string, drawn iter.Seq[Op]) iter.Seq[Op] {
	if l.opts.Plan != nil {
		return planned(l.opts.Plan, name)
	}
	return drawn
}

// connect connects everybody who has something to do. The second result closes
// what was connected, also after an error.
func (l *Log) connect() (all []worker, closeAll func(), err error) {
	var open []func()
	closeAll = func() { l.time.Together(open...) }
	for i := range l.opts.Producers {
		lanes := l.lanes(i)
		if len(lanes) == 0 {
			continue
		}
		p, err := l.dial.Producer(i)
		if err != nil {
			return nil, closeAll, fmt.Errorf("workload: producer %d: %w", i, err)
		}
		open = append(open, p.Close)
		for _, lane := range lanes {
			ops := l.ops(lane, l.opts.drawSends(lane))
			all = append(all, worker{ops: ops, every: l.opts.sendEvery(), perform: l.produce(p)})
		}
	}
	for i := range l.opts.Consumers {
		name := consumerName(i)
		if l.opts.idle(name) {
			continue
		}
		c, err := l.dial.Consumer(i)
		if err != nil {
			return nil, closeAll, fmt.Errorf("workload: %s: %w", name, err)
		}
		open = append(open, c.Close)
		ops := l.ops(name, l.opts.drawPolls(name, int32(i)%l.opts.Partitions))
		all = append(all, worker{ops: ops, every: l.opts.ReadEvery, perform: l.consume(c)})
	}
	for i := range l.opts.Probers {
		name := proberName(i)
		if l.opts.idle(name) {
			continue
		}
		p, err := l.dial.Prober(i)
		if err != nil {
			return nil, closeAll, fmt.Errorf("workload: %s: %w", name, err)
		}
		open = append(open, p.Close)
		all = append(all, worker{ops: l.ops(name, l.opts.drawProbes(name)), every: l.opts.ReadEvery, perform: l.probe(p)})
	}
	tenants, closers, err := l.connectTenants()
	open = append(open, closers...)
	return append(all, tenants...), closeAll, err
}

// lanes are a producer's lanes that have something to do.
func (l *Log) lanes(producer int) []string {
	var names []string
	for lane := range l.opts.Lanes {
		if name := producerName(producer, lane); !l.opts.idle(name) {
			names = append(names, name)
		}
	}
	return names
}
