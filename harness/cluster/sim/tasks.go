package sim

import (
	"context"
	"iter"
	"time"

	"github.com/ackproof/ackproof/harness/timeline"
)

// epoch is the wall clock's time at a simulation's start. Every simulation has
// the same, so that record timestamps are the same.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// tasks is the time of a simulation, and the work that is done in it. A task is
// a coroutine: exactly one of them, or the event that resumed it, runs.
type tasks struct {
	events
	current *task
	all     []*task // that are not done
}

var _ timeline.Timeline = (*tasks)(nil)

// task is a piece of work that can wait.
type task struct {
	resume func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
}

// abandoned unwinds a task that waits when the simulation ends.
type abandoned struct{}

// start makes a task that begins now, once whoever runs now waits. A panic of
// work comes out of the event that resumed it.
func (t *tasks) start(work func()) {
	k := &task{}
	k.resume, k.stop = iter.Pull(func(yield func(struct{}) bool) {
		k.yield = yield
		defer func() {
			if v := recover(); v != nil && v != (abandoned{}) {
				panic(v)
			}
		}()
		work()
	})
	t.all = append(t.all, k)
	t.after(0, func() { t.run(k) })
}

// run lets a task go on until it waits or is done.
func (t *tasks) run(k *task) {
	before := t.current
	t.current = k
	_, more := k.resume()
	t.current = before
	if !more {
		for i, other := range t.all {
			if other == k {
				t.all = append(t.all[:i], t.all[i+1:]...)
				break
			}
		}
	}
}

// wait lets the current task wait until somebody wakes it. What it returns must
// be called exactly once, by an event.
func (t *tasks) parked() (k *task, wait func()) {
	k = t.current
	if k == nil {
		panic("sim: only a task can wait")
	}
	return k, func() {
		if !k.yield(struct{}{}) {
			panic(abandoned{})
		}
	}
}

// wake lets a task go on, now.
func (t *tasks) wake(k *task) { t.after(0, func() { t.run(k) }) }

// abandon unwinds every task that still waits.
func (t *tasks) abandon() {
	for len(t.all) > 0 {
		k := t.all[0]
		t.all = t.all[1:]
		k.stop()
	}
}

// Now implements timeline.Timeline.
func (t *tasks) Now() time.Time { return epoch.Add(t.now) }

// Sleep implements timeline.Timeline.
func (t *tasks) Sleep(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	if deadline, ok := ctx.Deadline(); ok {
		d = min(d, deadline.Sub(t.Now()))
	}
	k, wait := t.parked()
	t.after(d, func() { t.run(k) })
	wait()
	return ctx.Err() == nil
}

// Together implements timeline.Timeline.
func (t *tasks) Together(work ...func()) {
	left := len(work)
	if left == 0 {
		return
	}
	k, wait := t.parked()
	for _, do := range work {
		t.start(func() {
			do()
			if left--; left == 0 {
				t.wake(k)
			}
		})
	}
	wait()
}

// WithTimeout implements timeline.Timeline.
func (t *tasks) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	c := &limited{Context: parent, tasks: t, deadline: t.now + d}
	if outer, ok := parent.Deadline(); ok {
		c.deadline = min(c.deadline, outer.Sub(epoch))
	}
	return c, func() { c.cancelled = true }
}

// limited is a context with a deadline in simulated time. Nobody can wait for
// its Done, which is its parent's: a task looks at Err when it goes on.
type limited struct {
	context.Context
	tasks     *tasks
	deadline  time.Duration
	cancelled bool
}

func (c *limited) Deadline() (time.Time, bool) { return epoch.Add(c.deadline), true }

func (c *limited) Err() error {
	switch err := c.Context.Err(); {
	case err != nil:
		return err
	case c.tasks.now >= c.deadline:
		return context.DeadlineExceeded
	case c.cancelled:
		return context.Canceled
	}
	return nil
}
