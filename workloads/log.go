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
	// ReadEvery is the period of one consumer or prober. Concurrent reads are
	// what makes a linearizability search expensive, so readers are few and slow.
	ReadEvery time.Duration
	// Tenancy has topics come and go beside the log.
	Tenancy Tenancy
	Seed    uint64
	// Plan, unless nil, is what the workers do, in place of what is drawn from
	// the seed. A worker does its part in the order of the list; one that has no
	// part, as all have none in a plan that is empty and not nil, does not even
	// connect.
	Plan []Op
	// Performed, unless nil, hears of each operation as it begins, with At = when
	// that really was: given as a Plan, what it heard happens again. Workers that
	// work side by side call it side by side.
	Performed func(Op)
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
		ReadEvery:   20 * time.Millisecond,
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
		atLeast("read every in ms", int(o.ReadEvery.Milliseconds()), 1),
		o.Tenancy.validate(atLeast),
	} {
		if err != nil {
			return err
		}
	}
	return o.validatePlan()
}

// Log is the workload `log`: unique values are appended and read back.
type Log struct {
	opts LogOptions
	time timeline.Timeline
	dial Dialer
	rec  Recorder

	began  time.Time
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

// Run connects the workers and lets them work until Stop, or until a plan that
// was given has run out for all of them. When it returns, every operation has
// ended or was given up and every connection is closed. The times of operations
// count from its call. Cancelling ctx gives up what is in flight at once; tenants
// still delete their topics then, for 2 s at most. A worker that panics stops the
// others, and Run returns its *Panic.
func (l *Log) Run(ctx context.Context) error {
	l.began = l.time.Now()
	workers, closeAll, err := l.connect()
	defer closeAll()
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, l.Stop)()
	err = timeline.Each(l.time, workers, func(w worker) error {
		err := Guard(func() { l.work(ctx, w) })
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
