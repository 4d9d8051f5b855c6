package sim

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/ackproof/ackproof/nemesis"
)

// Told implements nemesis.EventCluster.
func (c *Cluster) Told(e nemesis.Event) int { return c.watch.coverage.Events[string(e)] }

// SleepUnless implements nemesis.EventCluster. One task at a time may do so.
func (c *Cluster) SleepUnless(ctx context.Context, d time.Duration, events []nemesis.Event) bool {
	if ctx.Err() != nil {
		return false
	}
	if deadline, ok := ctx.Deadline(); ok {
		d = min(d, deadline.Sub(c.Now()))
	}
	k, wait := c.parked()
	asleep := true
	wake := func() {
		if asleep {
			asleep = false
			c.wake(k)
		}
	}
	c.told = func(e nemesis.Event) {
		if slices.Contains(events, e) {
			wake()
		}
	}
	c.after(d, wake)
	wait()
	c.told = nil
	return ctx.Err() == nil
}

// tell lets whoever waits hear of an event, named by its first word.
func (c *Cluster) tell(text string) {
	if c.told != nil {
		word, _, _ := strings.Cut(text, " ")
		c.told(nemesis.Event(word))
	}
}
