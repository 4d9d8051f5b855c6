package clock

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// targetList is what a keeper is asked to keep.
type targetList struct {
	mu      sync.Mutex
	targets []Target
}

func (l *targetList) set(targets ...Target) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.targets = targets
}

func (l *targetList) list() ([]Target, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Target(nil), l.targets...), nil
}

func newKeeper(t *testing.T) (*Keeper, *targetList) {
	list := &targetList{}
	k := NewKeeper(list.list)
	t.Cleanup(func() {
		_, err := k.Heal()
		require.NoError(t, err)
	})
	return k, list
}

func TestKeeperSetsAndHealsAll(t *testing.T) {
	k, list := newKeeper(t)
	one, two := startChild(t, roleReport), startChild(t, roleReport)
	one.read()
	two.read()
	list.set(Target{PID: one.pid(), Name: "one"}, Target{PID: two.pid(), Name: "two"})
	changed, err := k.Set(Fault{Offset: time.Hour})
	require.NoError(t, err)
	require.True(t, changed)
	requireSkew(t, time.Hour, one.ask())
	requireSkew(t, time.Hour, two.ask())
	changed, err = k.Set(Fault{Offset: time.Hour})
	require.NoError(t, err)
	require.False(t, changed, "the same twice is no change")

	read := k.Read()
	require.Len(t, read, 2)
	for _, r := range read {
		require.NoError(t, r.Err)
		require.Equal(t, time.Hour, r.Reading.Process.Sub(r.Reading.Host))
	}

	changed, err = k.Heal()
	require.NoError(t, err)
	require.True(t, changed)
	requireSkew(t, 0, one.ask())
	requireSkew(t, 0, two.ask())
	require.Empty(t, k.Read())
	changed, err = k.Heal()
	require.NoError(t, err)
	require.False(t, changed)
	require.NoError(t, k.Reconcile())
	requireSkew(t, 0, one.ask())
}

func TestKeeperGivesALateProcessTheSameClock(t *testing.T) {
	k, list := newKeeper(t)
	early := startChild(t, roleReport)
	early.read()
	list.set(Target{PID: early.pid(), Name: "early"})
	_, err := k.Set(Fault{Rate: 100})
	require.NoError(t, err)
	late := startChild(t, roleReport)
	late.read()
	list.set(Target{PID: early.pid(), Name: "early"}, Target{PID: late.pid(), Name: "late"})
	require.NoError(t, k.Reconcile())
	a, b, c := early.ask(), late.ask(), early.ask()
	require.LessOrEqual(t, a.Wall, b.Wall)
	require.LessOrEqual(t, b.Wall, c.Wall)
}

func TestKeeperFollowsAProcessThatBecomesAnotherProgram(t *testing.T) {
	k, list := newKeeper(t)
	c := startChild(t, roleExec)
	require.Equal(t, "ready\n", c.line())
	list.set(Target{PID: c.pid(), Name: "shell"})
	_, err := k.Set(Fault{Offset: time.Hour})
	require.NoError(t, err)
	_, err = fmt.Fprintln(c.in)
	require.NoError(t, err)
	requireSkew(t, 0, c.read()) // nothing looked yet
	require.NoError(t, k.Reconcile())
	requireSkew(t, time.Hour, c.ask())
}

// A shell that starts its command by vfork shares its memory with it.
func TestKeeperFollowsAProcessThatSharedItsParentsMemory(t *testing.T) {
	k, list := newKeeper(t)
	parent, c := startChild(t, roleReport), startChild(t, roleReport)
	parent.read()
	c.read()
	forked := Target{PID: c.pid(), Name: "shell", Forked: true}
	list.set(forked)
	_, err := k.Set(Fault{Offset: time.Hour})
	require.NoError(t, err)
	// As if it had been met before its exec.
	shared, err := Install(parent.pid())
	require.NoError(t, err)
	k.processes[c.pid()].Process.Close()
	k.processes[c.pid()] = &kept{Process: shared, target: forked}
	require.NoError(t, k.Reconcile())

	list.set(Target{PID: c.pid(), Name: "broker"})
	_, err = k.Set(Fault{Offset: 2 * time.Hour})
	require.NoError(t, err)
	requireSkew(t, 2*time.Hour, c.ask())
}

func TestKeeperCatchesWhatAContainerRuntimeStarts(t *testing.T) {
	k, list := newKeeper(t)
	_, err := k.Set(Fault{Offset: time.Hour})
	require.NoError(t, err)
	c := startChild(t, roleExec)
	require.Equal(t, "ready\n", c.line())
	list.set(Target{PID: c.pid(), Name: "runc:[2:INIT]", Starting: true})
	require.NoError(t, k.Reconcile())
	awaitTracer(t, c.pid())
	require.NoError(t, k.Reconcile(), "the next look leaves it alone")
	_, err = fmt.Fprintln(c.in)
	require.NoError(t, err)
	first := c.read()
	from, to := first.skew()
	require.LessOrEqual(t, from, time.Hour)
	require.GreaterOrEqual(t, to, time.Hour)
	list.set(Target{PID: c.pid(), Name: "broker"})
	require.Eventually(t, func() bool { return len(k.Read()) == 1 }, 10*time.Second, time.Millisecond)
	_, err = k.Heal()
	require.NoError(t, err)
	requireSkew(t, 0, c.ask())
}

func TestKeeperHealReleasesWhatWasNotCaughtYet(t *testing.T) {
	k, list := newKeeper(t)
	c := startChild(t, roleExec)
	require.Equal(t, "ready\n", c.line())
	list.set(Target{PID: c.pid(), Name: "runc:[2:INIT]", Starting: true})
	_, err := k.Set(Fault{Offset: time.Hour})
	require.NoError(t, err)
	awaitTracer(t, c.pid())
	_, err = k.Heal()
	require.NoError(t, err)
	_, err = fmt.Fprintln(c.in)
	require.NoError(t, err)
	requireSkew(t, 0, c.read())
}

func TestKeeperHealsWhatIsNoLongerATarget(t *testing.T) {
	k, list := newKeeper(t)
	c := startChild(t, roleReport)
	c.read()
	list.set(Target{PID: c.pid(), Name: "broker"})
	_, err := k.Set(Fault{Offset: time.Hour})
	require.NoError(t, err)
	list.set()
	require.NoError(t, k.Reconcile())
	requireSkew(t, 0, c.ask())
}

func TestKeeperStrobes(t *testing.T) {
	k, list := newKeeper(t)
	c := startChild(t, roleReport)
	c.read()
	list.set(Target{PID: c.pid(), Name: "broker"})
	_, err := k.Set(Fault{Strobe: time.Hour, Period: time.Millisecond})
	require.NoError(t, err)
	saw := map[time.Duration]bool{}
	require.Eventually(t, func() bool {
		require.NoError(t, k.Reconcile())
		got := c.ask()
		from, to := got.skew()
		for _, skew := range []time.Duration{0, time.Hour} {
			if from <= skew && skew <= to {
				saw[skew] = true
			}
		}
		return len(saw) == 2
	}, 10*time.Second, time.Millisecond)
}

func TestKeeperForgetsWhatEnded(t *testing.T) {
	k, list := newKeeper(t)
	c := startChild(t, roleReport)
	c.read()
	list.set(Target{PID: c.pid(), Name: "broker"})
	_, err := k.Set(Fault{Offset: time.Hour})
	require.NoError(t, err)
	require.NoError(t, c.cmd.Process.Kill())
	c.cmd.Wait()
	require.NoError(t, k.Reconcile(), "listed, but gone")
	require.Empty(t, k.Read())
	list.set()
	require.NoError(t, k.Reconcile())
	require.Empty(t, k.processes)
}

func TestKeeperRefusesWhatIsOutOfRange(t *testing.T) {
	k, _ := newKeeper(t)
	_, err := k.Set(Fault{Rate: 1000})
	require.EqualError(t, err, "rate 1000: allowed are 0.01 to 100, and 0 for 1")
	_, err = k.Set(Fault{Offset: maxOffset, Strobe: time.Hour, Period: time.Second})
	require.ErrorContains(t, err, "with strobe: offset 87601h0m0s: allowed are ")
	lost := errors.New("no list")
	k.targets = func() ([]Target, error) { return nil, lost }
	_, err = k.Set(Fault{Offset: time.Hour})
	require.ErrorIs(t, err, lost)
}

func TestProbe(t *testing.T) {
	requireTracing(t)
	require.NoError(t, Probe(childCommand(t, roleAnswer)))
	silent := childCommand(t, roleExec)
	silent.Stderr = nil
	require.ErrorContains(t, Probe(silent), "probe: the command does not tell the time")
	missing := childCommand(t, roleAnswer)
	missing.Path = "/no/such/program"
	require.ErrorIs(t, Probe(missing), os.ErrNotExist)
}
