package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestExplore(t *testing.T) {
	integration(t)
	t.Parallel()
	results := t.TempDir()
	explore := func(args ...string) (string, int) {
		out, err := exec.Command(program, append([]string{"explore", "--length", "2s", "--results", results}, args...)...).CombinedOutput()
		var exited *exec.ExitError
		if err != nil {
			require.ErrorAs(t, err, &exited, string(out))
			return string(out), exited.ExitCode()
		}
		return string(out), 0
	}

	out, exit := explore("--seeds", "10")
	require.Equal(t, exitValid, exit, out)
	require.Contains(t, out, "cases     10 in ")
	require.Contains(t, out, "failures  none")

	out, exit = explore("--seeds", "300", "--mutant", "ack-on-append", "--black-box")
	require.Equal(t, exitInvalid, exit, out)
	found, err := filepath.Glob(filepath.Join(results, "*", "failures", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, found, out)
	require.Contains(t, out, "replay "+found[0]+" --trace")

	out, exit = explore("--seeds", "10", "--mutant", "ack-on-append")
	require.Equal(t, exitInvalid, exit, out)
	require.Contains(t, out, "inside:... was seen by a look into the brokers")

	out, exit = explore("--seeds", "60", "--unguided", "--keep-going", "--unpromised", "--acks", "1")
	require.Equal(t, exitInvalid, exit, out)
	require.Equal(t, toldOfAClass, strings.Count(out, ": not promised: unseen: "), out)
	require.Contains(t, out, "unseen once more; from now on they are only in ")

	replayed, err := exec.Command(program, "replay", found[0], "--black-box").CombinedOutput()
	require.Error(t, err, "the verdict is a violation")
	require.Contains(t, string(replayed), "and the same events")
}

// An exploration that is interrupted says so, and how to go on.
func TestAnInterruptedExplorationIsUnknown(t *testing.T) {
	integration(t)
	t.Parallel()
	results := t.TempDir()
	log, err := os.Create(filepath.Join(results, "out"))
	require.NoError(t, err)
	defer log.Close()
	cmd := exec.Command(program, "explore", "--seeds", "100000", "--results", results)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		said, err := os.ReadFile(log.Name())
		return err == nil && len(said) > 0
	}, time.Minute, 20*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	var exited *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exited)
	said, err := os.ReadFile(log.Name())
	require.NoError(t, err)
	require.Equal(t, exitUnknown, exited.ExitCode(), string(said))
	require.Regexp(t, `interrupted; to go on: \S+ explore --resume \S+-explore --seeds \d+`, string(said))
}
