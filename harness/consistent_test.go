package harness

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// onePause is a schedule of one step.
func onePause() nemesis.Schedule {
	return nemesis.Schedule{
		Format: nemesis.Format, Version: nemesis.Version, Name: "pause", Nodes: 3, Length: 9000,
		Steps: []nemesis.Step{{ID: 1, At: 1000, For: 1000, Fault: nemesis.Fault{Kind: nemesis.Pause, Target: nemesis.Leader}}},
	}
}

// storeScheduled writes a run's folder whose header carries the schedule's hash
// and whose events are given.
func storeScheduled(t *testing.T, events ...history.Event) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, onePause().Save(filepath.Join(dir, ScheduleFile)))
	hash, err := hashOf(filepath.Join(dir, ScheduleFile))
	require.NoError(t, err)
	c := Defaults()
	require.NoError(t, writeJSON(filepath.Join(dir, runFile), Record{Format: Format, Version: Version, Ended: "then", Config: c}))
	rec, err := history.Create(filepath.Join(dir, historyFile), history.Header{
		Seed: c.Seed, Cluster: c.Cluster, Nodes: c.Nodes, Config: c.promise(), Schedule: hash,
	})
	require.NoError(t, err)
	for _, e := range events {
		rec.Record(e)
	}
	require.NoError(t, rec.Close())
	return dir
}

func paused(phase history.Type) history.Event {
	bit := true
	f := &history.Fault{Step: 1, Kind: "pause", Nodes: []int{1}}
	if phase == history.Info {
		f.Bit = &bit
	}
	return history.Event{Process: history.NemesisProcess, Type: phase, F: "pause", Fault: f}
}

// A history from which the faults were taken must not pass as a quiet run.
func TestEveryStepOfTheScheduleIsInTheHistory(t *testing.T) {
	tests := []struct {
		name   string
		events []history.Event
		status checker.Status
		reason string
	}{
		{"all", []history.Event{paused(history.Invoke), paused(history.Info)}, checker.OK, ""},
		{"no heal", []history.Event{paused(history.Invoke)}, checker.Unknown, "not in the history: the heal of step 1 (pause leader)"},
		{"nothing", nil, checker.Unknown, "not in the history: the begin of step 1 (pause leader), the heal of step 1 (pause leader)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, _, err := Judge(storeScheduled(t, tt.events...))
			require.NoError(t, err)
			v, ok := out.Result.Verdict(checkSchedule)
			require.True(t, ok)
			require.Equal(t, tt.status, v.Status)
			require.Equal(t, tt.reason, v.Reason)
			require.Equal(t, checker.Unknown, out.Result.Status)
		})
	}
}

func TestFilesThatContradictEachOtherAreRefused(t *testing.T) {
	refused := func(dir, want string) {
		_, _, err := Judge(dir)
		require.ErrorContains(t, err, want)
		_, err = Replay{Dir: dir, Times: 1, Base: Defaults()}.Plan(Batch{})
		var bad *InputError
		require.ErrorAs(t, err, &bad)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
	}
	good := storeScheduled(t)
	_, err := Replay{Dir: good, Times: 1, Base: Defaults()}.Plan(Batch{})
	require.NoError(t, err)

	other := storeScheduled(t)
	s := onePause()
	s.Steps[0].For = 2000
	require.NoError(t, s.Save(filepath.Join(other, ScheduleFile)))
	refused(other, "schedule.json is not the one the run was made with")

	gone := storeScheduled(t)
	require.NoError(t, os.Remove(filepath.Join(gone, ScheduleFile)))
	refused(gone, "schedule.json: no such file or directory")

	for want, spoil := range map[string]func(*Config){
		"acks is 1 in run.json and all in history.jsonl":                  func(c *Config) { c.Acks = "1" },
		"min_isr is 1 in run.json and 2 in history.jsonl":                 func(c *Config) { c.MinISR = 1 },
		"unclean_election is true in run.json and false in history.jsonl": func(c *Config) { c.Unclean = true },
		"seed is 9 in run.json and 1 in history.jsonl":                    func(c *Config) { c.Seed = 9 },
	} {
		dir := storeScheduled(t)
		record, err := readRecord(dir)
		require.NoError(t, err)
		spoil(&record.Config)
		require.NoError(t, writeJSON(filepath.Join(dir, runFile), record))
		refused(dir, want)
	}
}
