// Package timeline is time as clients and faults know it: that of the machine,
// or that of a simulation. What is written against a Timeline waits, times out
// and works side by side in either, so the same workloads and schedules run live
// and simulated.
//
// The one rule for its users: wait through the Timeline and through nothing else.
// A channel, a mutex or a timer of Go's own that one piece of work holds another
// up with would stop a simulation, which runs all of them in one thread.
package timeline

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Timeline is one course of time and what happens side by side in it.
type Timeline interface {
	// Now is the time by a clock that nobody sets.
	Now() time.Time
	// Sleep returns true after d. It returns false once ctx is done, live at
	// once and in a simulation at the latest after d.
	Sleep(ctx context.Context, d time.Duration) bool
	// WithTimeout is context.WithTimeout in this time.
	WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
	// Together does all the work side by side and returns when all of it is done.
	Together(work ...func())
}

// Until waits until at; false once ctx is done.
func Until(t Timeline, ctx context.Context, at time.Time) bool {
	return t.Sleep(ctx, at.Sub(t.Now()))
}

// Live is the machine's own time.
var Live Timeline = live{}

type live struct{}

func (live) Now() time.Time { return time.Now() }

func (live) Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil // both may be due at once
	case <-ctx.Done():
		return false
	}
}

func (live) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

func (live) Together(work ...func()) {
	var wait sync.WaitGroup
	for _, do := range work {
		wait.Go(do)
	}
	wait.Wait()
}

// Each does f for all of list side by side and joins the errors.
func Each[T any](t Timeline, list []T, f func(T) error) error {
	errs := make([]error, len(list))
	work := make([]func(), len(list))
	for i, item := range list {
		work[i] = func() { errs[i] = f(item) }
	}
	t.Together(work...)
	return errors.Join(errs...)
}
