package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	healthEvery = 20 * time.Millisecond
	healthLimit = 2 * time.Second // of one question: a paused broker never answers
)

// healthClient keeps no connections, so that none outlives the cluster.
var healthClient = &http.Client{
	Timeout:   healthLimit,
	Transport: &http.Transport{DisableKeepAlives: true},
}

// WaitHealthy returns when every broker says that it is registered and not
// fenced, or at once when one ended by itself.
func (c *Cluster) WaitHealthy(ctx context.Context) error {
	for _, n := range c.nodes {
		if err := n.waitHealthy(ctx); err != nil {
			return fmt.Errorf("node %d: %w (log: %s)", n.id, err, n.log.file.Name())
		}
	}
	return nil
}

func (n *node) waitHealthy(ctx context.Context) error {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		l := n.life.Load()
		if l == nil {
			return errors.New("never started")
		}
		if l.over() && l.unknown != nil {
			return l.unknown
		}
		if l.crashed() {
			return fmt.Errorf("ended by itself: exit code %d: %s", l.exit, n.log.lastWords())
		}
		err := n.healthy(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return flatten(fmt.Errorf("%w: last answer: %w", context.Cause(ctx), err))
		}
	}
}

// healthy asks the broker once.
func (n *node) healthy(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.published(n.httpPort)+"/healthz", nil)
	if err != nil {
		return err
	}
	response, err := healthClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body) // only the status counts
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("/healthz says %s", response.Status)
	}
	return nil
}
