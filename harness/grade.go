package harness

import (
	"fmt"
	"strings"

	"github.com/ackproof/ackproof/checker"
)

// expectation is how a run is graded.
type expectation int

const (
	// keepsPromises: what was never promised may be lost; that is told and passes.
	keepsPromises expectation = iota
	// mustLose: a control. It has to lose acknowledged writes and be seen to:
	// one that stays clean proves nothing about the broker and everything about
	// us, we are blind.
	mustLose
	// asJudged: any violation counts, promised or not, for it is looked for.
	asJudged
)

// grade says what a run is worth, and why in the few words that a table has room for. A broken promise
// fails whatever was expected, and so do checkers that disagree.
func grade(e expectation, result checker.Result) (checker.Status, string) {
	violated := result.Status == checker.Violation
	unfinished, _ := result.Verdict(checkHarness)
	disagreed, _ := result.Verdict(checker.CheckDisagree)
	switch {
	// A judge that contradicts itself convicts and acquits nobody: that nothing
	// was promised, or that a loss was due, is no excuse.
	case disagreed.Status == checker.Violation:
		return checker.Violation, "FAILED: " + checker.CheckDisagree
	case result.Broken():
		return checker.Violation, "FAILED: " + headline(result)
	case e == mustLose && violated && result.Metrics.Lost > 0:
		return checker.OK, fmt.Sprintf("lost %d, as it must", result.Metrics.Lost)
	// What a run that was cut short did not show, it may have had no time to.
	case unfinished.Status == checker.Unknown:
		return checker.Unknown, "unknown: " + upToColon(unfinished.Reason)
	case result.Status == checker.Unknown:
		return checker.Unknown, "unknown: " + upToColon(result.Reason)
	case e == mustLose:
		return checker.Violation, "BLIND: a schedule that must lose data was not seen to"
	case violated && e == asJudged:
		return checker.Violation, "violation of what was not promised: " + found(result)
	case violated:
		return checker.OK, "not promised: " + found(result)
	case !result.Promise.Durability:
		return checker.OK, "ok, though not promised"
	}
	return checker.OK, "ok"
}

// headline is the check that decided, and the number of losses if there are any.
func headline(result checker.Result) string {
	check := upToColon(result.Reason)
	if result.Metrics.Lost == 0 {
		return check
	}
	return fmt.Sprintf("%s, %d lost", check, result.Metrics.Lost)
}

// upToColon is the first part of a reason, short enough for a table: the check,
// or what happened.
func upToColon(reason string) string {
	first, _, _ := strings.Cut(reason, ": ")
	return first
}

// found names a violation, a loss by its number.
func found(result checker.Result) string {
	if result.Metrics.Lost > 0 {
		return fmt.Sprintf("lost %d", result.Metrics.Lost)
	}
	for _, v := range result.Verdicts {
		if v.Status == checker.Violation {
			return v.Check
		}
	}
	return string(result.Status)
}
