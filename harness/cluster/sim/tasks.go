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
	all     []*task
	// idle tasks have done their work and wait for more: most work is short, and
	// a coroutine costs more to make than to resume.
	idle []*task
}

var _ timeline.Timeline = (*tasks)(nil)

// task is a coroutine, which does one piece of work after another.
type task struct {
	work   func()
	goOn   func() // the event that lets it go on
	resume func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
}

// abandoned unwinds a task that waits when the simulation ends.
type abandoned struct{}

// start begins work as a task now, once whoever runs now waits. A panic of work
// comes out of the event that resumed it.
func (t *tasks) start(work func()) {
	var k *task
	if last := len(t.idle) - 1; last >= 0 {
		k, t.idle = t.idle[last], t.idle[:last]
	} else {
		k = t.newTask()
	}
	k.work = work
	t.wake(k)
}

func (t *tasks) newTask() *task {
	k := &task{}
	k.goOn = func() { t.run(k) }
	k.resume, k.stop = iter.Pull(func(yield func(struct{}) bool) {
		k.yield = yield
		defer func() {
			if v := recover(); v != nil && v != (abandoned{}) {
				panic(v)
			}
		}()
		for more := true; more; more = yield(struct{}{}) {
			k.work()
			k.work = nil
			t.idle = append(t.idle, k)
		}
	})
	t.all = append(t.all, k)
	return k
}

// run lets a task go on until it waits or is done.
func (t *tasks) run(k *task) {
	before := t.current
	t.current = k
	k.resume()
	t.current = before
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
func (t *tasks) wake(k *task) { t.after(0, k.goOn) }

// abandon ends every task, and unwinds those that still wait. What they have
// deferred may want to wait, too: that unwinds it further.
func (t *tasks) abandon() {
	for len(t.all) > 0 {
		t.current = t.all[0]
		t.all = t.all[1:]
		t.current.stop()
	}
	t.current = nil
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
	t.after(d, k.goOn)
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
