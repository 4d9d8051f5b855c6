package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis/agent"
)

func TestHelloTellsWhatWasTried(t *testing.T) {
	w := newWorld(t)
	hello, err := w.Hello(w.context())
	require.NoError(t, err)
	require.NotEmpty(t, hello.Kernel)
	c := hello.Capabilities
	for name, capability := range map[string]agent.Capability{
		"nftables": c.NFTables, "reject": c.Reject, "nfqueue": c.NFQueue,
		"netem": c.Netem, "ptrace": c.Ptrace, "clock": c.Clock,
	} {
		require.Equal(t, capability.Supported, capability.Reason == "", "%s: %+v", name, capability)
	}
}

func TestAStateIsAppliedAsADifference(t *testing.T) {
	w := newWorld(t)
	w.broker()
	state := agent.State{
		Peers: map[string]string{"n2": "10.0.0.2"},
		Links: map[string]agent.Link{"n2": {Cut: true}},
		Pause: []agent.Match{{}},
		Clock: &agent.Clock{OffsetMS: 1000},
	}
	require.ElementsMatch(t, []string{"nftables", "pause", "clock"}, names(w.apply(state)))
	require.Empty(t, names(w.apply(state)), "the same twice is no change")
	state.Links = nil
	require.ElementsMatch(t, []string{"nftables"}, names(w.apply(state)))
	require.ElementsMatch(t, []string{"pause", "clock"}, names(w.apply(agent.State{})))
	stats := w.stats()
	require.Equal(t, w.gen, stats.Gen)
	require.Empty(t, stats.Clocks)
	require.Equal(t, agent.ProcessRunning, stats.Processes[0].State)
}

func names(applied agent.Applied) (names []string) {
	for name := range applied.MS {
		names = append(names, name)
	}
	return names
}

func TestAnOvertakenStateIsRefused(t *testing.T) {
	w := newWorld(t)
	_, err := w.Apply(w.context(), agent.State{Gen: 5})
	require.NoError(t, err)
	applied, err := w.Apply(w.context(), agent.State{Gen: 4, Pause: []agent.Match{{}}})
	require.ErrorContains(t, err, "gen 4: overtaken, allowed is 5 or more")
	require.EqualValues(t, 5, applied.Gen)
}

func TestPauseHoldsAlsoWhatStartsUnderIt(t *testing.T) {
	w := newWorld(t)
	first := w.broker()
	second := w.runtime()
	w.apply(agent.State{Pause: []agent.Match{{}}})
	require.Equal(t, []string{agent.ProcessStopped, agent.ProcessRunning}, states(w.stats()), "the runtime's caller waits for it")
	second.say()
	require.Eventually(t, func() bool {
		got := states(w.stats())
		return len(got) == 2 && got[0] == agent.ProcessStopped && got[1] == agent.ProcessStopped
	}, 10*time.Second, time.Millisecond)
	w.apply(agent.State{})
	first.ask()
	second.read()
}

func states(stats agent.Stats) (states []string) {
	for _, p := range stats.Processes {
		states = append(states, p.State)
	}
	return states
}

func TestKillEndsTheBrokerAlone(t *testing.T) {
	w := newWorld(t)
	broker := w.broker()
	killed, err := w.Kill(w.context(), agent.Match{Name: "somebody else"})
	require.NoError(t, err)
	require.Empty(t, killed.PIDs)
	broker.ask()

	killed, err = w.Kill(w.context(), agent.Match{})
	require.NoError(t, err)
	require.Len(t, killed.PIDs, 1)
	var exit *exec.ExitError
	require.ErrorAs(t, broker.cmd.Wait(), &exit)
	require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal())

	w.broker().ask() // the namespace is still there for the next
}

func TestTheAgentReapsOrphans(t *testing.T) {
	w := newWorld(t)
	shell := w.join(exec.Command("sh", "-c", "sleep 600 >&- & echo started"))
	shell.line()
	require.NoError(t, shell.cmd.Wait())
	require.Eventually(t, func() bool {
		processes := w.stats().Processes
		return len(processes) == 1 && processes[0].Parent == 1
	}, 10*time.Second, time.Millisecond)
	_, err := w.Kill(w.context(), agent.Match{Cmdline: "sleep 600"})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(w.stats().Processes) == 0 }, 10*time.Second, time.Millisecond)
}

func requireClock(t *testing.T, w *world) {
	t.Helper()
	hello, err := w.Hello(w.context())
	require.NoError(t, err)
	if c := hello.Capabilities.Clock; !c.Supported {
		unpermitted(t, c.Reason)
	}
}

func TestClockIsThatOfTheNode(t *testing.T) {
	w := newWorld(t)
	requireClock(t, w)
	broker := w.broker()
	w.apply(agent.State{Clock: &agent.Clock{OffsetMS: 3_600_000}})
	requireSkew(t, time.Hour, broker.ask())
	requireSkew(t, 0, look())

	clocks := w.stats().Clocks
	require.Len(t, clocks, 1)
	require.True(t, clocks[0].Patched)
	require.Equal(t, time.Hour, time.Duration(clocks[0].ProcessUnixNS-clocks[0].HostUnixNS))

	// The restarted broker never reads the true time.
	_, err := w.Kill(w.context(), agent.Match{})
	require.NoError(t, err)
	require.Error(t, broker.cmd.Wait(), "killed")
	next := w.runtime()
	w.awaitTracer()
	next.say()
	requireSkew(t, time.Hour, next.read())

	w.apply(agent.State{})
	requireSkew(t, 0, next.ask())
	require.Empty(t, w.stats().Clocks)
}

// awaitTracer waits until the agent has seen the one process, and traces it.
func (w *world) awaitTracer() {
	w.t.Helper()
	processes := w.stats().Processes
	require.Len(w.t, processes, 1)
	path := fmt.Sprintf("/proc/%d/root/proc/%d/status", w.cmd.Process.Pid, processes[0].PID)
	require.Eventually(w.t, func() bool {
		status, err := os.ReadFile(path)
		require.NoError(w.t, err)
		return !strings.Contains(string(status), "TracerPid:\t0\n")
	}, 10*time.Second, time.Millisecond)
}

func TestClockStrobes(t *testing.T) {
	w := newWorld(t)
	requireClock(t, w)
	broker := w.broker()
	w.apply(agent.State{Clock: &agent.Clock{OffsetMS: -1000, StrobeMS: 3_600_000, StrobePeriodMS: 2}})
	saw := map[time.Duration]bool{}
	for deadline := time.Now().Add(20 * time.Second); len(saw) < 2; {
		require.True(t, time.Now().Before(deadline), "saw only %v", saw)
		skew := time.Duration(broker.ask().Wall - hostClock()).Round(time.Minute)
		require.Contains(t, []time.Duration{0, time.Hour}, skew)
		saw[skew] = true
	}
}

func TestClockNamesWhyItCannot(t *testing.T) {
	n := &node{hello: agent.Hello{Capabilities: agent.Capabilities{Clock: agent.Capability{Reason: "not on this machine"}}}}
	n.state.Clock = &agent.Clock{OffsetMS: 1}
	require.EqualError(t, n.skew(map[string]float64{}), "clock: not on this machine")
}

func TestClosedStdinEndsEverything(t *testing.T) {
	w := newWorld(t)
	broker := w.broker()
	w.apply(agent.State{Pause: []agent.Match{{}}, Clock: &agent.Clock{OffsetMS: 1000}})
	require.NoError(t, w.stdin.Close())
	<-w.Done()
	var exit *exec.ExitError
	require.ErrorAs(t, broker.cmd.Wait(), &exit)
	require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal(), "with PID 1 its namespace ends")
	require.NoError(t, w.cmd.Wait(), "it healed")
}

func TestMainRefusesWhatItDoesNotKnow(t *testing.T) {
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"nothing":       {nil, exitUsage, "usage:"},
		"another":       {[]string{"sleep"}, exitUsage, "usage:"},
		"too much":      {[]string{"serve", "x"}, exitUsage, "usage:"},
		"not PID 1":     {[]string{"serve"}, exitFault, "faultd serve: pid "},
		"no label":      {[]string{"janitor"}, exitUsage, "usage:"},
		"a label alone": {[]string{"janitor", "run"}, exitFault, `faultd janitor: label "run": allowed is LABEL=VALUE`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			require.Equal(t, test.code, Main(test.args, strings.NewReader(""), &bytes.Buffer{}, &log))
			require.Contains(t, log.String(), test.want)
		})
	}
}
