package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/ackproof/ackproof/harness/cluster"
)

// WaitHealthy returns when every broker says that it is registered and not
// fenced, or at once when one ended by itself.
func (c *Cluster) WaitHealthy(ctx context.Context) error {
	for _, n := range c.nodes {
		if err := cluster.AwaitHealthy(ctx, n.health, n.over); err != nil {
			return fmt.Errorf("node %d: %w (log: %s)", n.id, err, n.logPath())
		}
	}
	return nil
}

// health is where the broker says how it is.
func (n *node) health() string { return address(n.ports.Load().http) }

// over tells why the broker will not become healthy, if its life has ended.
func (n *node) over() error {
	switch p := n.process.Load(); {
	case p == nil:
		return errors.New("never started")
	case p.crashed.Load():
		return fmt.Errorf("ended by itself: %v: %s", p.cmd.ProcessState, n.log.lastWords())
	}
	return nil
}
