package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/moby/moby/client"

	"github.com/ackproof/ackproof/harness/cluster"
)

// death is the end of a broker that nobody ordered.
type death struct {
	exit int64
	line string
}

// byEngine tells whether an engine that stops could have ended the broker so: it
// asks first, and then ends the sandbox.
func (d death) byEngine() bool {
	return d.exit == 0 || d.exit == exitTerminated || d.exit == exitKilled
}

// died puts a death on record, unless it shows that the engine's disk is full.
func (c *Cluster) died(d death, node int, lastWords string) {
	if cluster.DiskFull(lastWords) {
		c.lose(fmt.Errorf("%w: node %d: %s", ErrDiskFull, node, lastWords))
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !errors.Is(c.lost, ErrGone) || !d.byEngine() {
		c.deaths = append(c.deaths, d)
	}
}

// Lost implements cluster.Cluster. It asks the engine, for nobody tells us when
// that is gone.
func (c *Cluster) Lost() error {
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	if _, err := c.engine.api.Ping(ctx, client.PingOptions{}); gone(err) {
		c.lose(explain(err))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// lose notes the first of what took the cluster from under the brokers. An engine
// ends its containers while it still answers: what it did then was noted as
// deaths, and is none.
func (c *Cluster) lose(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost != nil {
		return
	}
	c.lost = flatten(why)
	if errors.Is(why, ErrGone) {
		c.deaths = slices.DeleteFunc(c.deaths, death.byEngine)
	}
}
