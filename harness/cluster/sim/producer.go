package sim

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// How a producer sends.
const (
	// inFlight is how many batches of a partition may be on their way at once: the
	// most with which brokers keep an idempotent producer's order.
	inFlight = 5
	// produceTimeout is how long a broker may wait for replicas.
	produceTimeout = time.Second
	// deliveryLimit is how long a record is tried unless Patience says otherwise.
	deliveryLimit = 5 * time.Second
)

// Patience is that of producers.
type Patience struct {
	// Retry is the pause before a batch is sent again, and Delivery how long a
	// record is tried (retry.backoff.ms and delivery.timeout.ms); 0 stands for 100 ms
	// and 5 s.
	Retry, Delivery nemesis.Millis
}

func (p Patience) retry() time.Duration { return cmp.Or(p.Retry.Duration(), retryAfter) }

func (p Patience) delivery() time.Duration { return cmp.Or(p.Delivery.Duration(), deliveryLimit) }

// Validate names the first field that cannot be.
func (p Patience) Validate() error {
	for _, field := range []struct {
		name  string
		value nemesis.Millis
	}{{"retry_ms", p.Retry}, {"delivery_ms", p.Delivery}} {
		if field.value < 0 || field.value > 600_000 {
			return fmt.Errorf("clients: %s is %d, allowed are 0 to 600000", field.name, field.value)
		}
	}
	return nil
}

// producer sends records. Those of a partition have a producer id of their own,
// so that what goes wrong on one partition cannot make a retry on another one
// a duplicate (librdkafka #4953).
type producer struct {
	dialer
	patience Patience
	remotes  []*remote
	outboxes map[place]*outbox
}

func (d dialer) newProducer() *producer {
	return &producer{dialer: d, patience: d.sim.options.Patience, remotes: d.sim.remotes(), outboxes: map[place]*outbox{}}
}

// record is a value on its way.
type record struct {
	value  int64
	sent   time.Duration // when Send was called
	over   bool
	offset int64
	err    error
	ended  func()
}

func (r *record) end(offset int64, err error) {
	if !r.over {
		r.over, r.offset, r.err = true, offset, err
		r.ended()
	}
}

// Send implements workloads.Producer. A record whose sender has given up is not
// withdrawn: it is tried on, as an idempotent producer must.
func (p *producer) Send(ctx context.Context, topic string, partition int32, value int64) (int64, *workloads.OpError) {
	return p.send(ctx, place{topic: topic, partition: partition}, value)
}

func (p *producer) send(ctx context.Context, at place, value int64) (int64, *workloads.OpError) {
	box := p.outboxes[at]
	if box == nil {
		box = newOutbox(p, at)
		p.outboxes[at] = box
	}
	k, wait := p.sim.parked()
	r := &record{value: value, sent: p.sim.now}
	waiting := true
	r.ended = func() {
		if waiting {
			waiting = false
			p.sim.wake(k)
		}
	}
	gaveUp := false
	if deadline, ok := ctx.Deadline(); ok {
		p.sim.after(deadline.Sub(p.sim.Now()), func() {
			if waiting {
				waiting, gaveUp = false, true
				p.sim.wake(k)
			}
		})
	}
	box.add(r)
	wait()
	switch {
	case gaveUp:
		return 0, client.SendError(context.DeadlineExceeded)
	case r.err != nil:
		return 0, client.SendError(r.err)
	}
	return r.offset, nil
}

// Close implements workloads.Producer: nothing more is tried.
func (p *producer) Close() {
	for _, box := range p.outboxes {
		box.closed = true
	}
}
