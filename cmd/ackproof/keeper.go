package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ackproof/ackproof/harness"
)

// A keeper is the process in the background that keeps a cluster up. It holds a
// lock in the cluster's folder: who can take it knows that nobody does.

const (
	// keeperLog is where the process that keeps a cluster up writes.
	keeperLog = "keeper.log"
	// keeperLock is held by it as long as it lives.
	keeperLock = "keeper.lock"

	keeperEvery = 50 * time.Millisecond
)

// keeperEnded is the error of a keeper that has ended before its cluster was up: what
// it said, with what its exit code says of whose fault that is.
func keeperEnded(how error, said string) error {
	said = strings.TrimPrefix(said, "ackproof cluster: ")
	var exited *exec.ExitError
	if errors.As(how, &exited) && exited.ExitCode() == exitBadInput {
		return badInput("the cluster did not come up: %s", said)
	}
	return fmt.Errorf("the cluster did not come up: %s (%w)", said, how)
}

// clearDead removes what a keeper left in dir that was killed, and says so. The caller
// has its lock.
func (a *app) clearDead(dir string) error {
	if _, err := harness.ReadPlayground(dir); errors.Is(err, harness.ErrNotUp) {
		return nil
	}
	a.say("the cluster that was up in %s is gone: its keeper had died\n", dir)
	return harness.ClearPlayground(dir)
}

// playground is the cluster that is up in dir. One that is not is an input error, and
// an ErrNotUp.
func playground(dir string) (harness.PlaygroundState, error) {
	s, err := harness.ReadPlayground(dir)
	if errors.Is(err, harness.ErrNotUp) {
		return s, &harness.InputError{Err: err}
	}
	if err != nil {
		return s, err
	}
	if unlock, err := lockKeeper(dir); err == nil {
		unlock()
		return s, badInput("%w in %s any more: its keeper has died", harness.ErrNotUp, dir)
	}
	return s, nil
}

// errKept is the error of a folder whose cluster is up.
var errKept = errors.New("a cluster is up already")

// lockKeeper takes the lock of the keeper in dir; while one lives it is errKept.
func lockKeeper(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, badInput("dir: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, keeperLock), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, badInput("dir: %w", err)
	}
	unlock = func() { _ = f.Close() }
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		unlock()
		return nil, badInput("%w in %s, allowed is a folder without one", errKept, dir)
	}
	return unlock, nil
}

// waitFor looks until it is so, an error, or the limit.
func waitFor(ctx context.Context, limit time.Duration, look func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("gave up after %v", limit))
	defer cancel()
	ticker := time.NewTicker(keeperEvery)
	defer ticker.Stop()
	for {
		if done, err := look(); done || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func lastLine(path string) string {
	log, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return lines[len(lines)-1]
}
