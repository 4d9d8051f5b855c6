package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
)

// Start makes the images if the engine has them not, removes what dead runs
// left, brings all nodes up and returns when each is healthy, or one ended.
func (c *Cluster) Start(ctx context.Context) error {
	if c.stopped.Load() {
		return errors.New("start: the cluster is stopped")
	}
	images, err := c.engine.ensureImages(ctx, c.options)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.options.StartTimeout,
		fmt.Errorf("not healthy within %v", c.options.StartTimeout))
	defer cancel()
	if err := c.engine.sweep(ctx); err != nil {
		return err
	}
	if err := c.open(ctx, images); err != nil {
		return err
	}
	// Not before all have their addresses: brokers try again too slowly.
	err = together(c.nodes, func(n *node) error { return n.start(ctx) })
	if err != nil {
		return flatten(err)
	}
	return c.WaitHealthy(ctx)
}

// open makes everything of the run on the engine, the janitor first.
func (c *Cluster) open(ctx context.Context, images images) error {
	var err error
	if c.janitor, err = c.engine.startJanitor(ctx, images.agent, c.name+"-janitor", c.run); err != nil {
		return err
	}
	if c.subnet, err = c.engine.makeNetwork(ctx, c.name, labels(c.run, roleNetwork, nil)); err != nil {
		return err
	}
	return flatten(together(c.nodes, func(n *node) error { return n.open(ctx, images) }))
}

// stopLimit bounds how long an engine may take to remove a cluster.
const stopLimit = 30 * time.Second

// Stop implements cluster.Cluster. The logs stay.
func (c *Cluster) Stop() error {
	c.stopOnce.Do(func() { c.stopErr = c.stop() })
	return c.stopErr
}

func (c *Cluster) stop() error {
	c.stopped.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	// Brokers are killed before they are removed, so that their logs are read to
	// the end: with a container goes its log.
	errs := []error{together(c.nodes, func(n *node) error {
		if err := n.kill(ctx); !errdefs.IsNotFound(err) {
			return err
		}
		return nil // somebody has removed it
	})}
	c.stopWatching()
	c.watchers.Wait()
	left := c.engine.remove(ctx, c.run)
	if c.janitor != nil {
		left = c.janitor.dismiss(left)
	}
	errs = append(errs, left)
	err := explain(errors.Join(errs...))
	if errors.Is(err, ErrGone) { // all of them say the same
		err = fmt.Errorf("%w: what run %s made on it is removed when it is back", ErrGone, c.run)
	}
	return flatten(errors.Join(err, c.close()))
}

// close gives back what this process holds.
func (c *Cluster) close() error {
	errs := []error{c.engine.Close()}
	for _, n := range c.nodes {
		if n.attachment != nil {
			errs = append(errs, n.attachment.Close())
		}
		errs = append(errs, n.log.close())
	}
	return errors.Join(errs...)
}
