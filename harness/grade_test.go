package harness

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/checker"
)

// cutShort is a result of a run that the harness could not finish.
func cutShort(r checker.Result) checker.Result {
	return with(r, checker.Verdict{Check: checkHarness, Status: checker.Unknown, Reason: "interrupted: interrupt signal received"})
}

func result(status checker.Status, promised bool, lost int) checker.Result {
	r := checker.Result{Status: status, Promise: checker.Promise{Durability: true}, Reason: "unseen: gone", Metrics: checker.Metrics{Lost: lost}}
	if status == checker.Violation {
		r.Verdicts = []checker.Verdict{{Check: "unseen", Status: status, Promised: promised, Reason: "gone"}}
	}
	return r
}

// disagreeing is a result about which the exact check and Porcupine differ.
func disagreeing(r checker.Result) checker.Result {
	return with(r, checker.Verdict{Check: checker.CheckDisagree, Status: checker.Violation, Reason: "differ on log-0"})
}

// unpromised is a result of a configuration that promises nothing.
func unpromised(r checker.Result) checker.Result {
	r.Promise.Durability = false
	return r
}

// The table says what a suite believes: that its controls can fail it, and
// that nothing unknown ever passes.
func TestRunsAreGradedByWhatWasExpected(t *testing.T) {
	tests := []struct {
		name    string
		expect  expectation
		result  checker.Result
		grade   checker.Status
		verdict string
	}{
		{"clean", keepsPromises, result(checker.OK, false, 0), checker.OK, "ok"},
		{"clean without a promise", keepsPromises, unpromised(result(checker.OK, false, 0)), checker.OK, "ok, though not promised"},
		{"broken promise", keepsPromises, result(checker.Violation, true, 3), checker.Violation, "FAILED: unseen, 3 lost"},
		{"loss that was never excluded", keepsPromises, result(checker.Violation, false, 3), checker.OK, "not promised: lost 3"},
		{"anomaly without a loss", keepsPromises, result(checker.Violation, false, 0), checker.OK, "not promised: unseen"},
		{"unknown", keepsPromises, result(checker.Unknown, false, 0), checker.Unknown, "unknown: unseen"},

		{"checkers that disagree", keepsPromises, disagreeing(result(checker.OK, false, 0)), checker.Violation, "FAILED: checkers-disagree"},
		{"checkers that disagree where nothing was promised", keepsPromises, unpromised(disagreeing(result(checker.Violation, false, 3))), checker.Violation, "FAILED: checkers-disagree"},
		{"control whose checkers disagree", mustLose, disagreeing(result(checker.Violation, false, 3)), checker.Violation, "FAILED: checkers-disagree"},
		{"replay whose checkers disagree", asJudged, disagreeing(result(checker.OK, false, 0)), checker.Violation, "FAILED: checkers-disagree"},

		{"control that loses", mustLose, result(checker.Violation, false, 3), checker.OK, "lost 3, as it must"},
		{"control that stays clean", mustLose, result(checker.OK, false, 0), checker.Violation, "BLIND: a schedule that must lose data was not seen to"},
		{"control with another anomaly only", mustLose, result(checker.Violation, false, 0), checker.Violation, "BLIND: a schedule that must lose data was not seen to"},
		{"control that breaks a promise", mustLose, result(checker.Violation, true, 3), checker.Violation, "FAILED: unseen, 3 lost"},
		{"control that is unknown", mustLose, result(checker.Unknown, false, 0), checker.Unknown, "unknown: unseen"},
		{"control that was cut short", mustLose, cutShort(result(checker.Violation, false, 0)), checker.Unknown, "unknown: interrupted"},
		{"control that lost before it was cut short", mustLose, cutShort(result(checker.Violation, false, 3)), checker.OK, "lost 3, as it must"},
		{"run that was cut short", keepsPromises, cutShort(result(checker.Unknown, false, 0)), checker.Unknown, "unknown: interrupted"},
		{"broken promise that was cut short", keepsPromises, cutShort(result(checker.Violation, true, 3)), checker.Violation, "FAILED: unseen, 3 lost"},

		{"replay that loses again", asJudged, result(checker.Violation, false, 3), checker.Violation, "violation of what was not promised: lost 3"},
		{"replay that does not", asJudged, result(checker.OK, false, 0), checker.OK, "ok"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, verdict := grade(tt.expect, tt.result)
			require.Equal(t, tt.grade, got)
			require.Equal(t, tt.verdict, verdict)
		})
	}
}

func TestExitCodesOfRows(t *testing.T) {
	rows := func(grades ...checker.Status) (rows []Row) {
		for _, g := range grades {
			rows = append(rows, Row{Grade: g})
		}
		return rows
	}
	tests := []struct {
		rows []Row
		want int
	}{
		{rows(checker.OK, checker.OK), 0},
		{rows(checker.OK, checker.Unknown), 2},
		{rows(checker.Unknown, checker.Violation), 1},
		{rows(""), 2}, // a row that nobody graded is no pass
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, Exit(tt.rows))
	}
}
