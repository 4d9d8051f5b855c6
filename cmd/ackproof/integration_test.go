package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness"
)

// The tests below run real brokers and real clients. They are the proof that
// the whole of it works, and that it can fail.

func integration(t *testing.T) (results string) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED by -short: starts real brokers")
	}
	return filepath.Join(t.TempDir(), "results")
}

// onlyRun is the one run's folder below results.
func onlyRun(t *testing.T, results string) string {
	t.Helper()
	runs, err := filepath.Glob(filepath.Join(results, "*"))
	require.NoError(t, err)
	require.Len(t, runs, 1)
	return runs[0]
}

func verdictOf(t *testing.T, dir string) checker.Result {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "verdict.json"))
	require.NoError(t, err)
	var result checker.Result
	require.NoError(t, json.Unmarshal(data, &result))
	return result
}

func TestARunLeavesFilesThatSayTheSameAgain(t *testing.T) {
	results := integration(t)
	// The seed cuts a follower off, so that there is work also during its only fault.
	exit, stdout, stderr := call("run", "--nemesis", "partition", "--for", "6s", "--seed", "10", "--rate", "200", "--results", results)
	require.Equal(t, exitValid, exit, stdout+stderr)
	require.Contains(t, stdout, "verdict   ok\n")
	dir := onlyRun(t, results)
	for _, name := range []string{
		"run.json", "schedule.json", "history.jsonl", "verdict.json", "junit.xml", "node-1.log", "node-2.log", "node-3.log",
	} {
		require.FileExists(t, filepath.Join(dir, name))
	}
	require.NoFileExists(t, filepath.Join(dir, "failure.html"), "a picture is for failures")
	require.Empty(t, brokersIn(t, dir))

	again, stdout, _ := call("check", dir)
	require.Equal(t, exit, again)
	require.Contains(t, stdout, "verdict   ok\n")

	// The same history without one acked record in one drain is a loss.
	path := filepath.Join(dir, "history.jsonl")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, dropDrained(t, data), 0o644))
	exit, stdout, _ = call("check", dir)
	require.Equal(t, exitInvalid, exit, stdout)
	require.Contains(t, stdout, "VIOLATION: a promise was broken")
	require.Contains(t, stdout, "unseen: value ")
}

// dropDrained takes the third record out of the first drain event that has it.
func dropDrained(t *testing.T, historyFile []byte) []byte {
	t.Helper()
	lines := bytes.Split(historyFile, []byte("\n"))
	for i, line := range lines {
		if !bytes.Contains(line, []byte(`"type":"ok","f":"drain"`)) {
			continue
		}
		var event map[string]any
		require.NoError(t, json.Unmarshal(line, &event))
		if records, ok := event["records"].([]any); ok && len(records) > 3 {
			event["records"] = append(records[:2:2], records[3:]...)
			spoiled, err := json.Marshal(event)
			require.NoError(t, err)
			lines[i] = spoiled
			return bytes.Join(lines, []byte("\n"))
		}
	}
	t.Fatal("no drain event has records")
	return nil
}

func TestAnUnsafeConfigurationIsSeenToLose(t *testing.T) {
	results := integration(t)
	t.Parallel()
	exit, stdout, stderr := call("suite", "durability", "--only", "acks=1 × acks1-loss", "--results", results)
	require.Equal(t, exitValid, exit, stdout+stderr)
	require.Contains(t, stdout, "as it must")
	suite := onlyRun(t, results)
	require.FileExists(t, filepath.Join(suite, "suite.json"))
	require.FileExists(t, filepath.Join(suite, "junit.xml"))
	runs, err := filepath.Glob(filepath.Join(suite, "01-*"))
	require.NoError(t, err)
	require.Len(t, runs, 1)
	result := verdictOf(t, runs[0])
	require.Equal(t, checker.Violation, result.Status)
	require.False(t, result.Broken(), "acks=1 never promised it")
	require.FileExists(t, filepath.Join(runs[0], "failure.html"))

	// Looked for on purpose, the same loss is a failure.
	exit, stdout, stderr = call("replay", runs[0], "-n", "1", "--results", filepath.Join(results, "replay"))
	require.Equal(t, exitInvalid, exit, stdout+stderr)
	require.Contains(t, stdout, "1 of 1 run violated, 0 unknown\n")
}

func TestAPlantedBugBreaksAPromise(t *testing.T) {
	results := integration(t)
	t.Parallel()
	exit, stdout, stderr := call("run", "--mutant", "ack-on-append", "--nemesis", "acks1-loss", "--rate", "200", "--results", results)
	require.Equal(t, exitInvalid, exit, stdout+stderr)
	result := verdictOf(t, onlyRun(t, results))
	require.True(t, result.Broken())
	require.Positive(t, result.Metrics.Lost)
	require.Contains(t, stdout, "next      ackproof check "+onlyRun(t, results))
}

// TestAcksBelowMinISRAreProven shows mutant 21 to the check that needs no loss to
// see it, and the correct broker under the same schedule.
func TestAcksBelowMinISRAreProven(t *testing.T) {
	for name, want := range map[string]struct {
		mutant string
		exit   int
		status checker.Status
	}{
		"planted": {"min-isr-ignored", exitInvalid, checker.Violation},
		"correct": {"", exitValid, checker.OK},
	} {
		t.Run(name, func(t *testing.T) {
			results := integration(t)
			t.Parallel()
			exit, stdout, stderr := call("run", "--mutant", want.mutant, "--nemesis", "under-min-isr", "--rate", "200", "--results", results)
			require.Equal(t, want.exit, exit, stdout+stderr)
			result := verdictOf(t, onlyRun(t, results))
			require.Equal(t, want.exit == exitInvalid, result.Broken())
			verdict, judged := result.Verdict(checker.CheckUnderMinISR)
			require.True(t, judged)
			require.Equal(t, want.status, verdict.Status)
		})
	}
}

// startRun starts a run in a process of its own and returns once the history has
// grown, with the run's folder.
func startRun(t *testing.T, results string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(program, "run", "--nemesis", "none", "--for", "60s", "--rate", "200", "--results", results)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	awaitHistory(t, results, nil)
	dir := onlyRun(t, results)
	require.Len(t, brokersIn(t, dir), 3)
	return cmd, dir
}

// awaitHistory returns once the history of the only run has grown, or the run
// ended.
func awaitHistory(t *testing.T, results string, ended <-chan struct{}) {
	t.Helper()
	require.Eventually(t, func() bool {
		select {
		case <-ended:
			return true
		default:
		}
		histories, _ := filepath.Glob(filepath.Join(results, "*", "history.jsonl"))
		if len(histories) == 0 {
			return false
		}
		info, err := os.Stat(histories[0])
		return err == nil && info.Size() > 50_000
	}, time.Minute, 20*time.Millisecond)
}

// brokersIn are the processes whose command line names the folder.
func brokersIn(t *testing.T, dir string) []string {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	if len(processes) == 0 {
		t.Skip("SKIPPED: there is no /proc to look for left-over processes in")
	}
	var found []string
	for _, p := range processes {
		line, err := os.ReadFile(p)
		if err == nil && strings.Contains(string(line), dir+"/") && strings.Contains(string(line), brokerName) {
			found = append(found, p)
		}
	}
	return found
}

func TestAKilledHarnessLeavesNoBrokerAndAHistoryThatIsUnknown(t *testing.T) {
	results := integration(t)
	t.Parallel()
	cmd, dir := startRun(t, results)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Eventually(t, func() bool { return len(brokersIn(t, dir)) == 0 }, 5*time.Second, 20*time.Millisecond)

	exit, stdout, stderr := call("check", dir)
	require.Equal(t, exitUnknown, exit, stdout+stderr)
	require.Contains(t, stdout, "reason    harness: the run never ended: the harness was killed\n")
	exit, stdout, stderr = call("check", filepath.Join(dir, "history.jsonl"))
	require.Equal(t, exitUnknown, exit, stdout+stderr)
}

func TestAnInterruptedRunStopsEverythingAndIsUnknown(t *testing.T) {
	results := integration(t)
	t.Parallel()
	cmd, dir := startRun(t, results)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	var exited *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exited)
	require.Equal(t, exitUnknown, exited.ExitCode())
	require.Empty(t, brokersIn(t, dir))
	require.Equal(t, checker.Unknown, verdictOf(t, dir).Status)
	require.Equal(t, "harness: interrupted: interrupt signal received", verdictOf(t, dir).Reason)
	require.Contains(t, verdictOf(t, dir).Verdicts, checker.Verdict{
		Check: "harness", Status: checker.Unknown, Reason: "interrupted: interrupt signal received",
	})
}

// A second signal does not wait for anything, and still leaves neither a broker
// nor the folder through which the brokers were started.
func TestASecondSignalEndsAtOnceAndLeavesNothing(t *testing.T) {
	results := integration(t)
	t.Parallel()
	cmd, dir := startRun(t, results)
	temporary := filepath.Dir(linkOf(t, dir))
	require.DirExists(t, temporary)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	for range 2 { // one after the other, as the same kind twice may count once
		for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT} {
			_ = cmd.Process.Signal(s)
		}
	}
	<-ended
	require.Equal(t, exitUnknown, cmd.ProcessState.ExitCode())
	require.NoDirExists(t, temporary)
	require.Eventually(t, func() bool { return len(brokersIn(t, dir)) == 0 }, 5*time.Second, 20*time.Millisecond)
}

// linkOf is the path by which a run's first broker was started.
func linkOf(t *testing.T, dir string) string {
	t.Helper()
	line, err := os.ReadFile(brokersIn(t, dir)[0])
	require.NoError(t, err)
	path, _, _ := strings.Cut(string(line), "\x00")
	require.Equal(t, brokerName, filepath.Base(path))
	return path
}

// An interrupted suite shows and keeps the rows so far; what it could not end is
// unknown, and a control among it is not called blind.
func TestAnInterruptedSuiteKeepsItsRows(t *testing.T) {
	results := integration(t)
	t.Parallel()
	cmd := exec.Command(program, "suite", "durability", "--quick", "--cluster", "local", "--results", results)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	require.Eventually(t, func() bool {
		found, _ := filepath.Glob(filepath.Join(results, "*", "02-*", "history.jsonl"))
		return len(found) == 1
	}, time.Minute, 20*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	var exited *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exited)
	require.Equal(t, exitUnknown, exited.ExitCode(), stdout.String()+stderr.String())
	require.Empty(t, brokersIn(t, results))

	suite := onlyRun(t, results)
	data, err := os.ReadFile(filepath.Join(suite, "suite.json"))
	require.NoError(t, err)
	var s harness.Suite
	require.NoError(t, json.Unmarshal(data, &s))
	require.Len(t, s.Rows, 3)
	require.Equal(t, checker.Unknown, s.Status)
	require.Contains(t, s.Rows[1].Verdict, "interrupted")
	require.Contains(t, stdout.String(), "durability: unknown, 2 of 3 runs in ")
	require.Equal(t, 1, strings.Count(stdout.String()+stderr.String(), "not run"))
	require.Equal(t, "not run", s.Rows[2].Verdict)
	require.Contains(t, stdout.String(), "acks=0              acks0-loss")
	require.FileExists(t, filepath.Join(suite, "junit.xml"))
}

func TestABrokerThatDiesByItselfFailsTheRun(t *testing.T) {
	results := integration(t)
	t.Parallel()
	cmd, dir := startRun(t, results)
	killBroker(t, brokersIn(t, dir)[0])
	require.Eventually(t, func() bool { return logsContain(t, dir, "ended by itself") }, 10*time.Second, 20*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	var exited *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exited)
	require.Equal(t, exitInvalid, exited.ExitCode())
	require.True(t, verdictOf(t, dir).Broken())
}

func TestAClusterToPlayWithGoesUpAndDown(t *testing.T) {
	integration(t)
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cluster")
	as := func(args ...string) (string, error) {
		cmd := exec.Command(program, append(args, "--dir", dir)...)
		cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
		out, err := cmd.Output()
		return string(out), err
	}
	out, err := as("cluster", "up", "--nodes", "1")
	require.NoError(t, err, out)
	t.Cleanup(func() { _, _ = as("cluster", "down") })
	state, err := harness.ReadPlayground(dir)
	require.NoError(t, err)
	require.Contains(t, out, "bootstrap "+strings.Join(state.Bootstrap, ",")+"\n")
	require.Len(t, brokersIn(t, dir), 1)

	faultsByHand(t, as)

	out, err = as("cluster", "topic", "--topic", "second")
	require.NoError(t, err, out)
	require.Contains(t, out, "bootstrap "+strings.Join(state.Bootstrap, ",")+"\ntopic     second\n", "that of the cluster which is up")

	_, err = as("cluster", "up")
	var exited *exec.ExitError
	require.ErrorAs(t, err, &exited, "it is up already")
	require.Equal(t, exitBadInput, exited.ExitCode())

	out, err = as("cluster", "down")
	require.NoError(t, err, out)
	require.Empty(t, brokersIn(t, dir))
	_, err = harness.ReadPlayground(dir)
	require.ErrorIs(t, err, harness.ErrNotUp)

	// Down clears up after a keeper that was killed.
	out, err = as("cluster", "up", "--nodes", "1")
	require.NoError(t, err, out)
	killKeeper(t, dir)
	_, err = as("nemesis", "list")
	require.ErrorAs(t, err, &exited)
	require.Equal(t, exitBadInput, exited.ExitCode())
	require.Equal(t, "ackproof nemesis: no cluster is up in "+dir+" any more: its keeper has died\n", string(exited.Stderr))
	out, err = as("cluster", "down")
	require.NoError(t, err, out)
	require.Contains(t, out, "is gone: its keeper had died")

	// So does the next one that is brought up in its place.
	out, err = as("cluster", "up", "--nodes", "1")
	require.NoError(t, err, out)
	killKeeper(t, dir)
	out, err = as("cluster", "up", "--nodes", "1")
	require.NoError(t, err, out)
	require.Contains(t, out, "is gone: its keeper had died")
	_, err = as("nemesis", "list")
	require.NoError(t, err)
}

// killKeeper kills the keeper of the cluster in dir, which takes the brokers along.
func killKeeper(t *testing.T, dir string) {
	t.Helper()
	state, err := harness.ReadPlayground(dir)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(state.PID, syscall.SIGKILL))
	require.Eventually(t, func() bool {
		unlock, err := lockKeeper(dir)
		if err == nil {
			unlock()
		}
		return err == nil && len(brokersIn(t, dir)) == 0
	}, 5*time.Second, 20*time.Millisecond)
}

// faultsByHand pauses and kills the only broker of a cluster, and heals it.
func faultsByHand(t *testing.T, as func(args ...string) (string, error)) {
	t.Helper()
	out, err := as("nemesis", "list")
	require.NoError(t, err, out)
	require.Equal(t, "no fault is in force\n", out)
	out, err = as("nemesis", "apply", "pause", "leader")
	require.NoError(t, err, out)
	require.Equal(t, "1  pause leader (1)\n   state             1: running -> stopped\n", out)
	out, err = as("nemesis", "apply", "kill", "node:1")
	require.NoError(t, err, out)
	out, err = as("nemesis", "list")
	require.NoError(t, err, out)
	require.Contains(t, out, "1  pause leader (1)\n")
	require.Contains(t, out, "2  kill node:1 (1)\n")

	_, err = as("nemesis", "heal", "7")
	var exited *exec.ExitError
	require.ErrorAs(t, err, &exited)
	require.Equal(t, exitBadInput, exited.ExitCode())
	require.Equal(t, "ackproof nemesis: heal: step 7: it is not in force, allowed are 0,1,2\n", string(exited.Stderr))
	for _, refused := range [][]string{{"kill", "node:2"}, {"reorder", "leader", "--jitter", "10ms"}} {
		_, err = as(append([]string{"nemesis", "apply"}, refused...)...)
		require.ErrorAs(t, err, &exited)
		require.Equal(t, exitBadInput, exited.ExitCode())
		require.Equal(t, 1, strings.Count(string(exited.Stderr), "\n"), string(exited.Stderr))
	}

	out, err = as("nemesis", "heal")
	require.NoError(t, err, out)
	require.Contains(t, out, "2  healed: kill node:1 (1)\n   what was seen of it, until it was over:\n   restarted         1: pid ")
	require.True(t, strings.HasSuffix(out, "\nno fault is in force\n"), out)
	out, err = as("nemesis", "list")
	require.NoError(t, err, out)
	require.Equal(t, "no fault is in force\n", out)
}

// logsContain looks for words in the brokers' logs.
func logsContain(t *testing.T, dir, words string) bool {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "node-*.log"))
	require.NoError(t, err)
	for _, path := range logs {
		log, err := os.ReadFile(path)
		require.NoError(t, err)
		if strings.Contains(string(log), words) {
			return true
		}
	}
	return false
}

// killBroker kills the process of a /proc entry.
func killBroker(t *testing.T, cmdline string) {
	t.Helper()
	var pid int
	require.NoError(t, json.Unmarshal([]byte(filepath.Base(filepath.Dir(cmdline))), &pid))
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
}
