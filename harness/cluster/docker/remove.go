package docker

import (
	"context"
	"errors"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// remove removes everything of a run: containers first, since they hold the
// rest. The janitor is left out, for it outlives what it watches. What is gone
// already is no error.
func (e *Engine) remove(ctx context.Context, run string) error {
	ofRun := make(client.Filters).Add("label", LabelRun+"="+run)
	containers, err := e.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ofRun})
	if err != nil {
		return err
	}
	err = together(containers.Items, func(c container.Summary) error {
		if c.Labels[LabelRole] == roleJanitor {
			return nil
		}
		return e.removeContainer(ctx, c.ID)
	})
	return errors.Join(err, e.removeNetworks(ctx, ofRun), e.removeVolumes(ctx, ofRun))
}

func (e *Engine) removeContainer(ctx context.Context, id string) error {
	_, err := e.api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) { // or somebody else is removing it
		return nil
	}
	return err
}

func (e *Engine) removeNetworks(ctx context.Context, which client.Filters) error {
	networks, err := e.api.NetworkList(ctx, client.NetworkListOptions{Filters: which})
	errs := []error{err}
	for _, n := range networks.Items {
		errs = append(errs, e.removeNetwork(ctx, n.ID))
	}
	return errors.Join(errs...)
}

// removeNetwork empties a network that is in use first. Ours are gone by now: who
// is in it is a stranger, or an endpoint whose container the engine could not
// connect and then not forget, as its disk was full.
func (e *Engine) removeNetwork(ctx context.Context, id string) error {
	_, err := e.api.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
	if errdefs.IsPermissionDenied(err) { // it has endpoints
		if err := e.emptyNetwork(ctx, id); err != nil {
			return err
		}
		_, err = e.api.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
	}
	if errdefs.IsNotFound(err) {
		return nil
	}
	return err
}

func (e *Engine) emptyNetwork(ctx context.Context, id string) error {
	inspected, err := e.api.NetworkInspect(ctx, id, client.NetworkInspectOptions{})
	if err != nil {
		return err
	}
	for _, endpoint := range inspected.Network.Containers {
		_, err := e.api.NetworkDisconnect(ctx, id, client.NetworkDisconnectOptions{Container: endpoint.Name, Force: true})
		if err != nil && !errdefs.IsNotFound(err) {
			return err
		}
	}
	return nil
}

func (e *Engine) removeVolumes(ctx context.Context, which client.Filters) error {
	volumes, err := e.api.VolumeList(ctx, client.VolumeListOptions{Filters: which})
	errs := []error{err}
	for _, v := range volumes.Items {
		if _, err := e.api.VolumeRemove(ctx, v.Name, client.VolumeRemoveOptions{Force: true}); !errdefs.IsNotFound(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// together acts on all at the same time: the engine takes its time for each.
func together[T any](all []T, act func(T) error) error {
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i, one := range all {
		wait.Go(func() { errs[i] = act(one) })
	}
	wait.Wait()
	return errors.Join(errs...)
}
