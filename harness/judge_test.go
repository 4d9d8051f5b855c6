package harness

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/history"
)

// store writes a run's folder: ten sends before, ten after a fault that does
// not exist, a marker, a drain.
func store(t *testing.T, record Record, events func(*history.Recorder)) string {
	t.Helper()
	dir := t.TempDir()
	record.Format, record.Version = Format, Version
	record.Config = Config{Acks: "all", MinISR: 1, ReplicationFactor: 1, Nodes: 1}
	require.NoError(t, writeJSON(filepath.Join(dir, runFile), record))
	rec, err := history.Create(filepath.Join(dir, historyFile), history.Header{
		Nodes: 1, Config: history.Config{Acks: "all", MinISR: 1, ReplicationFactor: 1, Idempotent: true},
	})
	require.NoError(t, err)
	events(rec)
	require.NoError(t, rec.Close())
	return dir
}

// goodRun is the smallest history that is ok.
func goodRun(rec *history.Recorder) {
	node := 1
	var records []history.Record
	send := func(f string, value int64) {
		p := rec.NextProcess()
		offset := value - 1
		rec.Record(history.Event{Process: p, Type: history.Invoke, F: f, Topic: Topic, Value: value})
		rec.Record(history.Event{Process: p, Type: history.OK, F: f, Topic: Topic, Value: value, Offset: &offset})
		records = append(records, history.Record{Offset: offset, Value: value})
	}
	for value := range int64(20) {
		send(history.Send, value+1)
	}
	send(history.Marker, 21)
	p, end := rec.NextProcess(), int64(len(records))
	rec.Record(history.Event{Process: p, Type: history.Invoke, F: history.Drain, Topic: Topic, Node: &node})
	rec.Record(history.Event{Process: p, Type: history.OK, F: history.Drain, Topic: Topic, Node: &node, Records: records, End: &end})
}

func TestAStoredRunIsJudgedFromItsFilesAlone(t *testing.T) {
	tests := []struct {
		name   string
		record Record
		status checker.Status
		reason string
	}{
		{"done", Record{Ended: "then"}, checker.OK, ""},
		{"killed", Record{}, checker.Unknown, "harness: the run never ended: the harness was killed"},
		{"failed", Record{Ended: "then", Failure: "heal: no"}, checker.Unknown, "harness: heal: no"},
		{"a broker died", Record{Ended: "then", Deaths: []string{"node 2: exit status 1"}}, checker.Violation, "broker-death: node 2: exit status 1"},
		{"both", Record{Ended: "then", Failure: "heal: no", Deaths: []string{"node 2: exit status 1"}}, checker.Violation, "broker-death: node 2: exit status 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := store(t, tt.record, goodRun)
			out, _, err := Judge(dir)
			require.NoError(t, err)
			require.Equal(t, tt.status, out.Result.Status, out.Result.Reason)
			require.Equal(t, tt.reason, out.Result.Reason)
			again, _, err := Judge(dir)
			require.NoError(t, err)
			require.Equal(t, out, again)
		})
	}
	t.Run("a history alone", func(t *testing.T) {
		out, _, err := Judge(filepath.Join(store(t, Record{}, goodRun), historyFile))
		require.NoError(t, err)
		require.Equal(t, checker.OK, out.Result.Status)
		require.Empty(t, out.Dir)
	})
}

// What cut a run short is why nothing else could be judged: it is the headline.
func TestARunThatWasCutShortSaysSoFirst(t *testing.T) {
	for record, want := range map[*Record]string{
		{}: "harness: the run never ended: the harness was killed",
		{Ended: "then", Failure: "interrupted: interrupt signal received"}: "harness: interrupted: interrupt signal received",
	} {
		out, _, err := Judge(store(t, *record, func(*history.Recorder) {}))
		require.NoError(t, err)
		require.Equal(t, checker.Unknown, out.Result.Status)
		require.Equal(t, want, out.Result.Reason)
		require.Equal(t, checkHarness, out.Result.Verdicts[0].Check)
	}
}

func TestAddedVerdictsDecideByTheCheckersOrder(t *testing.T) {
	violation := func(promised bool) checker.Verdict {
		return checker.Verdict{Check: "x", Status: checker.Violation, Promised: promised, Reason: "r"}
	}
	unknown := checker.Verdict{Check: "x", Status: checker.Unknown, Reason: "r"}
	tests := []struct {
		before  checker.Result
		added   checker.Verdict
		decides bool
	}{
		{result(checker.OK, false, 0), unknown, true},
		{result(checker.OK, false, 0), violation(false), true},
		{result(checker.Unknown, false, 0), unknown, true},
		{result(checker.Unknown, false, 0), violation(true), true},
		{result(checker.Violation, false, 1), unknown, false},
		{result(checker.Violation, false, 1), violation(false), false},
		{result(checker.Violation, false, 1), violation(true), true},
		{result(checker.Violation, true, 1), violation(true), true},
	}
	for _, tt := range tests {
		after := with(tt.before, tt.added)
		require.Len(t, after.Verdicts, len(tt.before.Verdicts)+1)
		if tt.decides {
			require.Equal(t, tt.added.Status, after.Status)
			require.Equal(t, "x: r", after.Reason)
		} else {
			require.Equal(t, tt.before.Status, after.Status)
			require.Equal(t, tt.before.Reason, after.Reason)
		}
	}
}

func TestFoldersThatAreNoRunsAreRefused(t *testing.T) {
	empty := t.TempDir()
	_, _, err := Judge(empty)
	require.EqualError(t, err, empty+" has no run.json, allowed is a folder of a run or a suite, or a history file")

	_, _, err = Judge(filepath.Join(empty, "nothing"))
	require.ErrorContains(t, err, "nothing: no such file or directory")

	for content, want := range map[string]string{
		`{"format":"other","version":1}`:        `run.json: format is "other", allowed is "ackproof-run"`,
		`{"format":"ackproof-run","version":9}`: "run.json: version is 9, allowed is 1",
		`{`:                                     "run.json: unexpected end of JSON input",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(empty, runFile), []byte(content), 0o644))
		_, _, err = Judge(empty)
		require.ErrorContains(t, err, want)
	}
}

// A run of nothing but total outages has no time in which a write could be
// acked; one that leaves a majority has.
func TestTotalOutagesOweNoWorkMeanwhile(t *testing.T) {
	hit := func(kind string, nodes ...int) *history.History {
		return &history.History{
			Header: history.Header{Nodes: 3},
			Events: []history.Event{{Process: history.NemesisProcess, Type: history.Invoke, Fault: &history.Fault{Kind: kind, Nodes: nodes}}},
		}
	}
	require.Zero(t, judgementOf(hit("kill", 1, 2, 3)).MinAckedDuring)
	require.Zero(t, judgementOf(hit("pause", 1, 2)).MinAckedDuring)
	require.Equal(t, 1, judgementOf(hit("kill", 1)).MinAckedDuring)
	require.Equal(t, 1, judgementOf(hit("partition", 1, 2)).MinAckedDuring)
}

func TestFoldersAreNeverShared(t *testing.T) {
	results := filepath.Join(t.TempDir(), "results")
	first, err := newFolder(results, "run")
	require.NoError(t, err)
	second, err := newFolder(results, "run")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(results, "run"), first)
	require.Equal(t, filepath.Join(results, "run-2"), second)
}
