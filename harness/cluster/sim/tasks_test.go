package sim

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// inTime does work as a task until nothing is left to happen.
func inTime(work func(*tasks)) *tasks {
	t := &tasks{}
	t.start(func() { work(t) })
	for t.next() {
	}
	return t
}

func TestSleepTakesItsTime(t *testing.T) {
	began := false
	inTime(func(tasks *tasks) {
		began = true
		for _, d := range []time.Duration{time.Hour, 0, -time.Second} {
			before := tasks.Now()
			require.True(t, tasks.Sleep(background, d))
			require.Equal(t, max(d, 0), tasks.Now().Sub(before))
		}
	})
	require.True(t, began)
}

func TestSleepEndsWithItsContext(t *testing.T) {
	inTime(func(tasks *tasks) {
		ctx, cancel := tasks.WithTimeout(background, time.Second)
		defer cancel()
		require.True(t, tasks.Sleep(ctx, 400*time.Millisecond))
		require.False(t, tasks.Sleep(ctx, time.Hour), "the deadline comes first")
		require.Equal(t, time.Second, tasks.now)
		require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
		require.False(t, tasks.Sleep(ctx, 0), "it is done already")
		require.Equal(t, time.Second, tasks.now)

		ctx, cancel = tasks.WithTimeout(background, time.Minute)
		tasks.Together(
			func() { require.False(t, tasks.Sleep(ctx, 10*time.Second), "cancelled meanwhile") },
			func() {
				require.True(t, tasks.Sleep(ctx, time.Second))
				cancel()
				require.ErrorIs(t, ctx.Err(), context.Canceled)
				before := tasks.now
				require.False(t, tasks.Sleep(ctx, time.Second))
				require.Equal(t, before, tasks.now)
			},
		)
		done, stop := context.WithCancel(background)
		stop()
		require.False(t, tasks.Sleep(done, time.Second))
	})
}

func TestDeadlinesNest(t *testing.T) {
	inTime(func(tasks *tasks) {
		outer, _ := tasks.WithTimeout(background, 2*time.Second)
		longer, _ := tasks.WithTimeout(outer, time.Hour)
		shorter, cancelShorter := tasks.WithTimeout(longer, time.Second)
		freed, _ := tasks.WithTimeout(context.WithoutCancel(longer), 3*time.Second)
		for ctx, want := range map[context.Context]time.Duration{
			outer: 2 * time.Second, longer: 2 * time.Second, shorter: time.Second, freed: 3 * time.Second,
		} {
			deadline, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, want, deadline.Sub(epoch))
		}
		cancelShorter()
		require.ErrorIs(t, shorter.Err(), context.Canceled)
		require.NoError(t, longer.Err(), "a child's end is not its parent's")

		require.True(t, tasks.Sleep(background, 2*time.Second))
		require.ErrorIs(t, longer.Err(), context.DeadlineExceeded)
		require.NoError(t, freed.Err())
		require.False(t, tasks.Sleep(freed, time.Hour))
		require.Equal(t, 3*time.Second, tasks.now)
	})
}

func TestACancelledParentEndsItsChildren(t *testing.T) {
	inTime(func(tasks *tasks) {
		parent, cancel := tasks.WithTimeout(background, time.Hour)
		child, _ := tasks.WithTimeout(parent, time.Minute)
		require.NoError(t, child.Err())
		cancel()
		require.ErrorIs(t, child.Err(), context.Canceled)
	})
}

// TestTogether: work begins in its order, goes on side by side, and is over when
// the last of it is.
func TestTogether(t *testing.T) {
	var story []string
	tell := func(what string) { story = append(story, what) }
	tasks := inTime(func(tasks *tasks) {
		tasks.Together()
		wait := func(name string, d time.Duration) func() {
			return func() {
				tell(name + " begins")
				require.True(t, tasks.Sleep(background, d))
				tell(name + " ends")
			}
		}
		tasks.Together(
			wait("slow", 5),
			func() {
				tasks.Together(wait("inner slow", 3), wait("inner quick", 1))
				tell("inner over")
			},
			wait("quick", 2),
		)
		tell("over")
	})
	require.Equal(t, []string{
		"slow begins", "quick begins", "inner slow begins", "inner quick begins",
		"inner quick ends", "quick ends", "inner slow ends", "inner over", "slow ends", "over",
	}, story)
	require.Equal(t, time.Duration(5), tasks.now)
}

// TestIdleTasksWorkAgain: as many coroutines are made as there is work at once.
func TestIdleTasksWorkAgain(t *testing.T) {
	done := 0
	tasks := inTime(func(tasks *tasks) {
		for range 100 {
			nap := func() { tasks.Sleep(background, time.Second); done++ }
			tasks.Together(nap, nap, nap)
		}
	})
	require.Equal(t, 300, done)
	require.Len(t, tasks.all, 4)
	require.Len(t, tasks.idle, 4)
}

func TestAPanicComesOutOfTheEvent(t *testing.T) {
	failure := errors.New("broken")
	require.PanicsWithValue(t, failure, func() {
		inTime(func(tasks *tasks) {
			tasks.Together(func() {
				tasks.Sleep(background, time.Second)
				panic(failure)
			}, func() { tasks.Sleep(background, time.Minute) })
		})
	})
}

// TestAbandonedTasksUnwind: what they have deferred runs, and finds that time has
// come to its end if it wants to wait.
func TestAbandonedTasksUnwind(t *testing.T) {
	var story []string
	begin := func(tasks *tasks, name string, cleanUp func()) func() {
		return func() {
			defer func() { story = append(story, name) }()
			defer cleanUp()
			tasks.Sleep(background, time.Hour)
			story = append(story, "not reached")
		}
	}
	tasks := &tasks{}
	tasks.start(begin(tasks, "plain", func() {}))
	tasks.start(begin(tasks, "waits again", func() {
		tasks.Sleep(background, time.Second)
		story = append(story, "not reached either")
	}))
	tasks.start(begin(tasks, "works side by side", func() { tasks.Together(func() { story = append(story, "nor this") }) }))
	tasks.start(func() {})
	tasks.happen(time.Minute)
	require.Empty(t, story)
	tasks.abandon()
	require.Equal(t, []string{"plain", "waits again", "works side by side"}, story)
	require.Empty(t, tasks.all)
}

func TestOnlyATaskCanWait(t *testing.T) {
	require.PanicsWithValue(t, "sim: only a task can wait", func() { (&tasks{}).Sleep(background, 0) })
}
