package workloads

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ackproof/ackproof/harness/timeline"
)

// LogOptions shape a Log workload.
type LogOptions struct {
	Topic      string
	Partitions int32
	// Producers, Consumers and Probers are the workers of each kind.
	Producers, Consumers, Probers int
	// Lanes is how many sends a producer keeps in flight at most. Each lane is
	// a process of its own in the history.
	Lanes int
	// Rate is the number of sends per second, of all producers together.
	Rate int
	// SendTimeout is how long a lane waits for an ack before it gives up and
	// records info. ReadTimeout is the same for polls and end-offset queries.
	SendTimeout, ReadTimeout time.Duration
	Seed                     uint64
}

// LogDefaults are ten clients: five producers with four lanes each, three
// assigned consumers, two probers.
func LogDefaults(topic string, partitions int32, seed uint64) LogOptions {
	return LogOptions{
		Topic:       topic,
		Partitions:  partitions,
		Producers:   5,
		Consumers:   3,
		Probers:     2,
		Lanes:       4,
		Rate:        500,
		SendTimeout: 5 * time.Second,
		ReadTimeout: time.Second,
		Seed:        seed,
	}
}

// Share divides clients into producers, consumers and probers as LogDefaults
// does: half of them produce, three of ten consume, the rest probe.
func (o LogOptions) Share(clients int) LogOptions {
	o.Producers = max(1, clients/2)
	o.Consumers = clients * 3 / 10
	o.Probers = clients - o.Producers - o.Consumers
	return o
}

// Validate names the first field that cannot be.
func (o LogOptions) Validate() error {
	if o.Topic == "" {
		return fmt.Errorf(`workload: topic is "", allowed is a topic's name`)
	}
	atLeast := func(field string, value, least int) error {
		if value < least {
			return fmt.Errorf("workload: %s is %d, allowed is %d and above", field, value, least)
		}
		return nil
	}
	for _, err := range []error{
		atLeast("partitions", int(o.Partitions), 1),
		atLeast("producers", o.Producers, 1),
		atLeast("consumers", o.Consumers, 0),
		atLeast("probers", o.Probers, 0),
		atLeast("lanes", o.Lanes, 1),
		atLeast("rate", o.Rate, 1),
		atLeast("send timeout in ms", int(o.SendTimeout.Milliseconds()), 1),
		atLeast("read timeout in ms", int(o.ReadTimeout.Milliseconds()), 1),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Log is the workload `log`: unique values are appended and read back.
type Log struct {
	opts LogOptions
	time timeline.Timeline
	dial Dialer
	rec  Recorder

	values atomic.Int64 // the last value given out
	acked  atomic.Int64
	// stopping is done once nothing new is to begin.
	stopping context.Context
	stop     context.CancelFunc
}

// NewLog returns a workload that is ready to run in the time of t.
func NewLog(o LogOptions, t timeline.Timeline, dial Dialer, rec Recorder) (*Log, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	l := &Log{opts: o, time: t, dial: dial, rec: rec}
	l.stopping, l.stop = context.WithCancel(context.Background())
	return l, nil
}

// Run connects the workers and lets them work until Stop. When it returns,
// every operation has ended or was given up and every connection is closed.
// Cancelling ctx gives up what is in flight at once. A worker that panics stops
// the others, and Run returns its *Panic.
func (l *Log) Run(ctx context.Context) error {
	workers, closeAll, err := l.workers()
	defer closeAll()
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, l.Stop)()
	err = timeline.Each(l.time, workers, func(work func(context.Context)) error {
		err := Guard(func() { work(ctx) })
		if err != nil {
			l.Stop()
		}
		return err
	})
	if err != nil {
		return err
	}
	return ctx.Err()
}

// Stop asks the workers to begin nothing new. It does not wait for them.
func (l *Log) Stop() { l.stop() }

// Acked is the number of sends acknowledged so far.
func (l *Log) Acked() int64 { return l.acked.Load() }

// NextValue gives out a value that was never sent before.
func (l *Log) NextValue() int64 { return l.values.Add(1) }

// workers connects everybody. The second result closes what was connected,
// also after an error.
func (l *Log) workers() (run []func(context.Context), closeAll func(), err error) {
	var open []func()
	closeAll = func() { l.time.Together(open...) }
	for i := range l.opts.Producers {
		p, err := l.dial.Producer(i)
		if err != nil {
			return nil, closeAll, fmt.Errorf("workload: producer %d: %w", i, err)
		}
		open = append(open, p.Close)
		for lane := range l.opts.Lanes {
			run = append(run, l.lane(p, i, lane))
		}
	}
	for i := range l.opts.Consumers {
		c, err := l.dial.Consumer(i)
		if err != nil {
			return nil, closeAll, fmt.Errorf("workload: consumer %d: %w", i, err)
		}
		open = append(open, c.Close)
		run = append(run, l.consume(c, i))
	}
	for i := range l.opts.Probers {
		p, err := l.dial.Prober(i)
		if err != nil {
			return nil, closeAll, fmt.Errorf("workload: prober %d: %w", i, err)
		}
		open = append(open, p.Close)
		run = append(run, l.probe(p, i))
	}
	return run, closeAll, nil
}

// pause waits for d, or returns false when the workload is to end.
func (l *Log) pause(d time.Duration) bool { return l.time.Sleep(l.stopping, d) }

// ended tells whether the workload is to end, without waiting.
func (l *Log) ended() bool { return l.stopping.Err() != nil }
