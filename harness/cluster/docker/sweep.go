package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// sweepGrace is for how long a janitor, or a probe, may have been created and
// not started: its harness may be about to.
const sweepGrace = time.Minute

// sweep removes what runs without a janitor left behind. A run makes its
// janitor first and removes it last, so what has none is nobody's: its engine
// was stopped, or somebody removed the janitor.
func (e *Engine) sweep(ctx context.Context) error {
	seen, alive, err := e.runs(ctx)
	if err != nil {
		return fmt.Errorf("look for what dead runs left: %w", explain(err))
	}
	var errs []error
	for _, run := range slices.Sorted(maps.Keys(seen)) {
		if alive[run] {
			continue
		}
		errs = append(errs, e.remove(ctx, run), e.removeJanitors(ctx, run))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove what dead runs left: %w", explain(err))
	}
	return nil
}

// runs tells which runs have anything on the engine, and which of them a
// janitor watches.
func (e *Engine) runs(ctx context.Context) (seen, alive map[string]bool, err error) {
	ours := make(client.Filters).Add("label", LabelRun)
	seen, alive = map[string]bool{}, map[string]bool{}
	// Containers last: a run that begins meanwhile is seen with its janitor.
	networks, err := e.api.NetworkList(ctx, client.NetworkListOptions{Filters: ours})
	if err != nil {
		return nil, nil, err
	}
	volumes, err := e.api.VolumeList(ctx, client.VolumeListOptions{Filters: ours})
	if err != nil {
		return nil, nil, err
	}
	containers, err := e.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
	if err != nil {
		return nil, nil, err
	}
	for _, n := range networks.Items {
		seen[n.Labels[LabelRun]] = true
	}
	for _, v := range volumes.Items {
		seen[v.Labels[LabelRun]] = true
	}
	for _, c := range containers.Items {
		run := c.Labels[LabelRun]
		seen[run] = true
		alive[run] = alive[run] || watched(c, time.Now())
	}
	return seen, alive, nil
}

// watched tells whether a container is one that sees to its run's end: a
// janitor, or a probe, which is all there is of its run.
func watched(c container.Summary, now time.Time) bool {
	if role := c.Labels[LabelRole]; role != roleJanitor && role != roleProbe {
		return false
	}
	switch c.State {
	case container.StateRunning:
		return true
	case container.StateCreated:
		return now.Sub(time.Unix(c.Created, 0)) < sweepGrace
	}
	return false
}

func (e *Engine) removeJanitors(ctx context.Context, run string) error {
	janitors := make(client.Filters).Add("label", LabelRun+"="+run, LabelRole+"="+roleJanitor)
	containers, err := e.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: janitors})
	if err != nil {
		return err
	}
	return together(containers.Items, func(c container.Summary) error { return e.removeContainer(ctx, c.ID) })
}
