package local

import (
	"context"
	"fmt"
	"time"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/nemesis/agent/clock"
)

// SetClock implements nemesis.Cluster.
func (c *Cluster) SetClock(_ context.Context, id int, skewed nemesis.Clock) error {
	return c.on(id, func(*node) error {
		if skewed == (nemesis.Clock{}) {
			return nil
		}
		return fmt.Errorf("set clock of node %d: %w", id, clock.ErrUnsupported)
	})
}

// ReadClock implements nemesis.Cluster.
func (c *Cluster) ReadClock(id int) (process, host time.Time, err error) {
	now := time.Now()
	return now, now, c.on(id, func(*node) error { return nil })
}
