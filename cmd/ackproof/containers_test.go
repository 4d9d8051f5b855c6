package main

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/nemesis"
)

// requireEngine skips the test where no Docker engine answers, unless this
// machine is one that must have one.
func requireEngine(t *testing.T) {
	t.Helper()
	err := harness.DockerAnswers(t.Context())
	if err != nil && os.Getenv(requireDocker) == "1" {
		require.NoError(t, err, "%s=1", requireDocker)
	}
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
}

// violations are the checks that found something.
func violations(result checker.Result) []string {
	var names []string
	for _, v := range result.Verdicts {
		if v.Status == checker.Violation {
			names = append(names, v.Check)
		}
	}
	return names
}

// The same schedule file, on child processes and in containers, makes acks=1
// lose, and the loss is seen by the same checks.
func TestAScheduleFailsTheSameChecksOnEveryCluster(t *testing.T) {
	results := integration(t)
	requireEngine(t)
	t.Parallel()
	file := filepath.Join(t.TempDir(), "schedule.json")
	schedule, err := nemesis.Directed("acks1-loss")
	require.NoError(t, err)
	require.NoError(t, schedule.Save(file))
	for _, cluster := range harness.Clusters {
		folder := filepath.Join(results, cluster)
		exit, stdout, stderr := call("run", "--acks", "1", "--min-isr", "1", "--rate", "200",
			"--cluster", cluster, "--schedule", file, "--results", folder)
		require.Equal(t, exitInvalid, exit, stdout+stderr)
		require.Contains(t, stdout, "on a "+cluster+" cluster (")
		result := verdictOf(t, onlyRun(t, folder))
		require.Subset(t, violations(result), []string{checker.CheckUnseen, checker.CheckLostWrite, checker.CheckAgreement}, cluster)
		require.False(t, result.Broken(), "acks=1 never promised it")
		require.Positive(t, result.Metrics.Lost)
	}
}

// A broker that measures sessions by the wall clock is caught by turning it, and
// one that does not is not accused, on every cluster.
func TestAWallClockThatEndsSessionsIsCaught(t *testing.T) {
	for _, cluster := range harness.Clusters {
		for mutant, want := range map[string]int{"wall-clock-sessions": exitInvalid, "": exitValid} {
			t.Run(cluster+" "+cmp.Or(mutant, "correct"), func(t *testing.T) {
				results := integration(t)
				requireClocks(t, cluster)
				t.Parallel()
				exit, stdout, stderr := call("run", "--cluster", cluster, "--mutant", mutant,
					"--nemesis", "clock-sessions", "--rate", "100", "--results", results)
				require.Equal(t, want, exit, stdout+stderr)
				found := violations(verdictOf(t, onlyRun(t, results)))
				if mutant == "" {
					require.Empty(t, found)
				} else {
					require.Contains(t, found, checker.CheckClockMoved)
				}
			})
		}
	}
}

// requireClocks skips the test where the clocks of a cluster's brokers cannot be
// skewed.
func requireClocks(t *testing.T, cluster string) {
	t.Helper()
	if cluster == harness.Docker {
		requireEngine(t)
	}
	c, a := harness.Defaults(), &app{stderr: os.Stderr}
	c.Cluster = cluster
	t.Cleanup(a.clean)
	require.NoError(t, a.machine(t.Context(), &c))
	why := c.Machine.Cannot[nemesis.SkewClock]
	if why != "" && os.Getenv(requireDocker) == "1" {
		require.Empty(t, why, "%s=1", requireDocker)
	}
	if why != "" {
		t.Skipf("SKIPPED: %s", why)
	}
}
