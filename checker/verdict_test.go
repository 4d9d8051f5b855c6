package checker

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

func TestStatusFollowsFromVerdicts(t *testing.T) {
	ok := Verdict{Check: "a", Status: OK}
	skipped := Verdict{Check: "b", Status: Skipped, Reason: "b says so"}
	unknown := Verdict{Check: "c", Status: Unknown, Reason: "c says so"}
	broken := Verdict{Check: "d", Status: Violation, Reason: "d says so", Promised: true}
	unpromised := Verdict{Check: "e", Status: Violation, Reason: "e says so"}
	for name, row := range map[string]struct {
		verdicts []Verdict
		status   Status
		reason   string
		exit     int
		broken   bool
	}{
		"ok":                           {[]Verdict{ok, skipped}, OK, "", 0, false},
		"unknown is never a pass":      {[]Verdict{ok, unknown, skipped}, Unknown, "c: c says so", 2, false},
		"a violation beats unknown":    {[]Verdict{unknown, unpromised}, Violation, "e: e says so", 1, false},
		"a broken promise comes first": {[]Verdict{unknown, unpromised, broken}, Violation, "d: d says so", 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			res := Result{Verdicts: row.verdicts}.decide()
			require.Equal(t, row.status, res.Status)
			require.Equal(t, row.reason, res.Reason)
			require.Equal(t, row.exit, res.ExitCode())
			require.Equal(t, row.broken, res.Broken())
		})
	}
	_, found := Result{Verdicts: []Verdict{ok}}.Verdict("z")
	require.False(t, found)
	require.Equal(t, 2, Result{}.ExitCode(), "a result without a status is no pass")
}

func TestOpInPrint(t *testing.T) {
	node, offset, done := 2, int64(7), int64(2_500_000)
	o := Op{Process: 3, F: history.Drain, Topic: "log", Partition: 1, Node: &node, Value: 9, Offset: &offset,
		Invoked: 1_000_000, Completed: &done, Outcome: history.Info, Line: 12, Error: "TIMEOUT", Saw: &history.Record{Offset: 7, Value: 9}}
	require.Equal(t, "line 12: process 3 drain log-1 node 2 value 9, invoked at 0.001000s, info at 0.002500s, offset 7, "+
		"saw value 9 at offset 7: TIMEOUT", o.String())
	open := Op{F: history.Send, Topic: "log", Value: 9, Line: 4}
	require.Equal(t, "line 4: process 0 send log-0 value 9, invoked at 0.000000s, never completed", open.String())

	text, err := json.Marshal(o)
	require.NoError(t, err)
	var back Op
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, o, back)
}
