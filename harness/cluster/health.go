package cluster

import (
	"context"
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

// AwaitHealthy returns when a live broker says at that address that it is
// registered and not fenced, or at once when over tells why it never will. The
// address is asked for anew each time: a restart may change it.
func AwaitHealthy(ctx context.Context, address func() string, over func() error) error {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		if err := over(); err != nil {
			return err
		}
		err := Healthy(ctx, address())
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: last answer: %w", context.Cause(ctx), err)
		}
	}
}

// Healthy asks the broker once.
func Healthy(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
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
