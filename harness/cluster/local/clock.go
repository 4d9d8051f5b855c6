package local

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/nemesis/agent/clock"
)

// ProbeClock tells whether the clocks of children can be skewed here; the error
// says why not. The command is started, and must call clock.Answer.
func ProbeClock(command *exec.Cmd) error {
	if err := clock.Probe(command); err != nil {
		return fmt.Errorf("skew a child's clock: %w", err)
	}
	return nil
}

// Bounds of how often a skewed clock is looked after: a strobe must be moved,
// and a broker that was started again patched.
const (
	slowestClockTick = 5 * time.Millisecond
	fastestClockTick = time.Millisecond
)

// SetClock implements nemesis.Cluster: the broker's process is patched, so that
// it reads another wall clock, and so are its coming incarnations.
func (c *Cluster) SetClock(_ context.Context, id int, skewed nemesis.Clock) error {
	return c.on(id, func(n *node) error { return n.setClock(skewed) })
}

func (n *node) setClock(skewed nemesis.Clock) error {
	n.stopClock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if skewed == (nemesis.Clock{}) {
		if _, err := n.clock.Heal(); err != nil {
			return fmt.Errorf("heal clock of node %d: %w", n.id, err)
		}
		return nil
	}
	if _, err := n.clock.Set(faultOf(skewed)); err != nil {
		return fmt.Errorf("set clock of node %d: %w", n.id, err)
	}
	n.clockEnd, n.clockEnded = make(chan struct{}), make(chan struct{})
	go n.keepClock(skewed.StrobePeriod.Duration(), n.clockEnd, n.clockEnded)
	return nil
}

// faultOf says a clock in the keeper's words.
func faultOf(c nemesis.Clock) clock.Fault {
	f := clock.Fault{Rate: c.Rate, Offset: c.Offset.Duration()}
	if c.StrobePeriod != 0 {
		f.Offset, f.Strobe, f.Period = 0, c.Offset.Duration(), c.StrobePeriod.Duration()
	}
	return f
}

// keepClock looks after a skewed clock until end is closed. What it could not
// do shows when the clock is read.
func (n *node) keepClock(period time.Duration, end <-chan struct{}, ended chan<- struct{}) {
	defer close(ended)
	interval := slowestClockTick
	if period > 0 {
		interval = max(fastestClockTick, min(interval, period/4))
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-end:
			return
		case <-tick.C:
			// Not while the broker is started or killed: its end must be waited for
			// by one of us only.
			if n.mu.TryLock() {
				_ = n.clock.Reconcile()
				n.mu.Unlock()
			}
		}
	}
}

// stopClock stops looking after the clock, which stays as it is.
func (n *node) stopClock() {
	n.mu.Lock()
	end, ended := n.clockEnd, n.clockEnded
	n.clockEnd, n.clockEnded = nil, nil
	n.mu.Unlock()
	if end != nil {
		close(end)
		<-ended
	}
}

// ReadClock implements nemesis.Cluster: it is read from the broker's memory, as
// the broker would. One that was never skewed reads the host's.
func (c *Cluster) ReadClock(id int) (process, host time.Time, err error) {
	err = c.on(id, func(n *node) error {
		n.mu.Lock()
		defer n.mu.Unlock()
		process, host, err = n.readClock()
		return err
	})
	return process, host, err
}

func (n *node) readClock() (process, host time.Time, err error) {
	state, err := n.state()
	if err == nil && state == nemesis.StateDead {
		err = fmt.Errorf("read clock of node %d: it is dead", n.id)
	}
	if err != nil {
		return process, host, err
	}
	for _, kept := range n.clock.Read() {
		if kept.PID == n.process.Load().pid() {
			return kept.Reading.Process, kept.Reading.Host, kept.Err
		}
	}
	now := time.Now()
	return now, now, nil
}

// clockTargets is the broker's process, while it lives.
func (n *node) clockTargets() ([]clock.Target, error) {
	state, err := n.state()
	if err != nil || state == nemesis.StateDead {
		return nil, err
	}
	return []clock.Target{{PID: n.process.Load().pid(), Name: "ackbroker"}}, nil
}
