package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
)

// What happens to the engine is no broker's fault: a run whose engine breaks is
// unknown, says why on one line, and leaves nothing.
func TestARunWhoseEngineBreaks(t *testing.T) {
	integration(t)
	t.Parallel()
	e := startOwnEngine(t)
	t.Run("no disk for images", func(t *testing.T) {
		defer e.fill(t, 1<<20)()
		out, err := e.inside(program, "run", "--cluster", "docker", "--results", t.TempDir()).CombinedOutput()
		var exited *exec.ExitError
		require.ErrorAs(t, err, &exited)
		require.Equal(t, exitBadInput, exited.ExitCode(), string(out))
		require.Regexp(t, `^ackproof run: .*the Docker engine's disk is full: .*no space left on device\n$`, string(out))
		e.requireNothingOfOurs()
	})
	e.makeImages(t)
	// What the engine cannot forget on a full disk is removed as soon as it can.
	t.Run("no disk for containers", func(t *testing.T) {
		empty := e.fill(t, 200<<10)
		reason := e.run(t, func() {})
		empty()
		require.Contains(t, reason, "the Docker engine's disk is full: ")
		e.requireNothingOfOurs()
	})
	t.Run("no disk for brokers", func(t *testing.T) {
		empty := e.fill(t, 350<<10)
		reason := e.run(t, func() {})
		empty()
		require.Contains(t, reason, "the Docker engine's disk is full: ")
		e.requireNothingOfOurs()
	})
	t.Run("no disk left in mid-run", func(t *testing.T) {
		empty := func() {}
		reason := e.run(t, func() { empty = e.fill(t, 0) })
		empty()
		require.Regexp(t, `^harness: the Docker engine's disk is full: node \d: ackbroker: .* no space left on device$`, reason)
		e.requireNothingOfOurs()
	})
	t.Run("stopped in mid-run", func(t *testing.T) {
		reason := e.run(t, e.stop)
		require.Contains(t, reason, "harness: the Docker engine is gone: ")
		e.start()
		e.requireNothingOfOurs()
	})
}

// makeImages makes a short run, which also shows that the engine works.
func (e *ownEngine) makeImages(t *testing.T) {
	t.Helper()
	out, err := e.inside(program, "run", "--cluster", "docker", "--nemesis", "none", "--for", "5s", "--rate", "100",
		"--results", t.TempDir()).CombinedOutput()
	require.NoError(t, err, string(out))
}

// run is a run on the engine to which something is done as soon as its history
// has grown, or it has ended. It returns the reason for its verdict.
func (e *ownEngine) run(t *testing.T, breakIt func()) (reason string) {
	t.Helper()
	results := filepath.Join(t.TempDir(), "results")
	cmd := e.inside(program, "run", "--cluster", "docker", "--nemesis", "none", "--for", "60s", "--rate", "200", "--results", results)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, startTied(cmd))
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() // the exit code is looked at below
	awaitHistory(t, results, ended)
	breakIt()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatalf("the run goes on without its engine:\n%s", out.String())
	}
	require.Equal(t, exitUnknown, cmd.ProcessState.ExitCode(), out.String())
	result := verdictOf(t, onlyRun(t, results))
	require.Equal(t, checker.Unknown, result.Status)
	require.NotContains(t, result.Reason, "\n")
	require.Equal(t, 1, strings.Count(out.String(), "reason    "+result.Reason+"\n"))
	return result.Reason
}
