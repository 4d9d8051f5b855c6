package janitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// cleanLimit bounds the clean-up: an engine that cannot remove something in a
	// minute will not.
	cleanLimit = time.Minute
	// graceLimit is how long things can still appear after the harness's end: the
	// engine goes on with a request whose client died.
	graceLimit = time.Second
	passPause  = 100 * time.Millisecond
)

// Run waits until the harness at the other end of the pipe is gone and then
// removes everything with the label, which is LABEL=VALUE. Its error names what
// is left and why.
func Run(label string, harness io.Reader, socket string, log io.Writer) error {
	if key, value, pair := strings.Cut(label, "="); !pair || key == "" || value == "" {
		return fmt.Errorf("label %q: allowed is LABEL=VALUE", label)
	}
	farewell := await(harness, HelloLimit)
	fmt.Fprintf(log, "janitor: %s, removing everything with %s\n", farewell.how, label)
	grace := graceLimit
	if farewell.expected {
		grace = 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanLimit)
	defer cancel()
	return clean(ctx, label, socket, grace, log)
}

// clean makes passes until nothing has been found for the grace period.
func clean(ctx context.Context, label, socket string, grace time.Duration, log io.Writer) error {
	engine, err := dial(ctx, socket)
	if err != nil {
		return err
	}
	self, err := os.Hostname() // a container's is the beginning of its id
	if err != nil {
		return fmt.Errorf("own container's id: %w", err)
	}
	j := janitor{engine: engine, label: label, self: self, log: log}
	found, left := time.Now(), 0
	for {
		now, err := j.pass(ctx)
		if now > 0 || err == nil {
			left = now // otherwise it is as before, as far as anybody knows
		}
		if now > 0 || err != nil {
			found = time.Now()
		} else if time.Since(found) >= grace {
			return j.removeSelf(ctx)
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%d things with %s are left", left, label), err)
		case <-time.After(passPause):
		}
	}
}

type janitor struct {
	engine *engine
	label  string
	self   string
	log    io.Writer
}

// pass removes what there is, in the order in which things use each other, and
// counts what it found.
func (j *janitor) pass(ctx context.Context) (found int, err error) {
	for _, list := range []func(context.Context, string) ([]thing, error){
		j.engine.containers, j.engine.networks, j.engine.volumes,
	} {
		things, listErr := list(ctx, j.label)
		things = slices.DeleteFunc(things, j.isSelf)
		found += len(things)
		err = errors.Join(err, listErr, j.removeAll(ctx, things))
	}
	return found, err
}

// removeSelf is the last thing that this process does: the engine kills what it
// removes.
func (j *janitor) removeSelf(ctx context.Context) error {
	containers, err := j.engine.containers(ctx, j.label)
	if err != nil {
		return err
	}
	return j.removeAll(ctx, slices.DeleteFunc(containers, func(t thing) bool { return !j.isSelf(t) }))
}

func (j *janitor) isSelf(t thing) bool {
	return t.kind == "container" && strings.HasPrefix(t.id, j.self)
}

// removeAll removes side by side: to kill one container takes 100 ms.
func (j *janitor) removeAll(ctx context.Context, things []thing) error {
	errs := make([]error, len(things))
	gone := make([]bool, len(things))
	var wait sync.WaitGroup
	for i, t := range things {
		wait.Go(func() { gone[i], errs[i] = j.engine.remove(ctx, t) })
	}
	wait.Wait()
	for i, t := range things {
		if gone[i] {
			fmt.Fprintln(j.log, "janitor: removed", t)
		}
		if errs[i] != nil {
			fmt.Fprintln(j.log, "janitor:", errs[i])
		}
	}
	return errors.Join(errs...)
}
