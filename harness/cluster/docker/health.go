package docker

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
			return fmt.Errorf("node %d: %w (log: %s)", n.id, flatten(err), n.log.file.Name())
		}
	}
	return nil
}

// health is where the broker says how it is.
func (n *node) health() string { return n.published(n.httpPort) }

// over tells why the broker will not become healthy, if its life has ended.
func (n *node) over() error {
	switch l := n.life.Load(); {
	case l == nil:
		return errors.New("never started")
	case l.over() && l.unknown != nil:
		return l.unknown
	case l.crashed():
		if words := n.log.lastWords(); cluster.DiskFull(words) {
			return fmt.Errorf("%w: %s", ErrDiskFull, words)
		}
		return fmt.Errorf("ended by itself: exit code %d: %s", l.exit, n.log.lastWords())
	}
	return nil
}
