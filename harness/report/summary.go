package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ackproof/ackproof/checker"
)

// Run is what a summary tells of.
type Run struct {
	Title  string // configuration, faults, seed
	Dir    string // the run's folder; empty for a history without one
	Result checker.Result
	// Next are the commands to type next.
	Next []string
}

// Summary tells of a run on one screen: the verdict, each check that is not ok
// with the ops that show it, the numbers, and the next command.
func Summary(r Run) string {
	w := &strings.Builder{}
	if r.Title != "" {
		fmt.Fprintln(w, r.Title)
	}
	fmt.Fprintf(w, "verdict   %s\n", Verdict(r.Result))
	if r.Result.Status != checker.OK {
		fmt.Fprintf(w, "reason    %s\n", r.Result.Reason)
	}
	if r.Result.Promise.Reason != "" {
		fmt.Fprintf(w, "promise   %s\n", r.Result.Promise.Reason)
	}
	counts := map[checker.Status]int{}
	for _, v := range r.Result.Verdicts {
		counts[v.Status]++
	}
	fmt.Fprintf(w, "checks    %s\n", countLine(counts))
	bad := notOK(r.Result.Verdicts)
	for i, v := range bad {
		if i == shownChecks {
			fmt.Fprintf(w, "  and %d more checks, in verdict.json\n", len(bad)-i)
			break
		}
		check(w, v)
	}
	numbers(w, r.Result.Metrics)
	if r.Dir != "" {
		fmt.Fprintf(w, "files     %s\n", r.Dir)
	}
	for i, command := range r.Next {
		label := "next"
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(w, "%-9s %s\n", label, command)
	}
	return w.String()
}

// shownChecks is how many checks are told in full, so that a summary fits a
// screen.
const shownChecks = 4

// notOK are the verdicts that somebody has to look at, the worst first.
func notOK(verdicts []checker.Verdict) []checker.Verdict {
	rank := func(v checker.Verdict) int {
		switch {
		case v.Status == checker.Violation && v.Promised:
			return 0
		case v.Status == checker.Violation:
			return 1
		}
		return 2
	}
	var bad []checker.Verdict
	for _, v := range verdicts {
		if v.Status == checker.Violation || v.Status == checker.Unknown {
			bad = append(bad, v)
		}
	}
	slices.SortStableFunc(bad, func(a, b checker.Verdict) int { return rank(a) - rank(b) })
	return bad
}

// Verdict is a result's status in a few words.
func Verdict(result checker.Result) string {
	switch {
	case result.Status == checker.Violation && result.Broken():
		return "VIOLATION: a promise was broken"
	case result.Status == checker.Violation:
		return "violation of what was not promised"
	case result.Status == checker.Unknown:
		return "unknown, which is never a pass"
	}
	return string(result.Status)
}

func countLine(counts map[checker.Status]int) string {
	var parts []string
	for _, s := range []checker.Status{checker.OK, checker.Violation, checker.Unknown, checker.Skipped} {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	return strings.Join(parts, ", ")
}

func check(w *strings.Builder, v checker.Verdict) {
	kind := string(v.Status)
	if v.Status == checker.Violation {
		kind += " (not promised)"
		if v.Promised {
			kind = "violation (promised)"
		}
	}
	times := ""
	if v.Count > 1 && v.Check != checker.CheckUnseen { // whose reason has the number
		times = fmt.Sprintf(" (first of %d)", v.Count)
	}
	fmt.Fprintf(w, "  %s  %s: %s%s\n", kind, v.Check, v.Reason, times)
	for _, op := range v.Ops {
		fmt.Fprintf(w, "      %s\n", op)
	}
}

func numbers(w *strings.Builder, m checker.Metrics) {
	fmt.Fprintf(w, "sends     %d: %d acked, %d failed, %d unknown (%d of them committed)\n",
		m.Sends, m.Acked, m.Failed, m.Unknown, m.Recovered)
	fmt.Fprintf(w, "records   %d drained, %d polled, %d lost, %d duplicated\n", m.Drained, m.Polled, m.Lost, m.Duplicates)
	fmt.Fprintf(w, "acks      p50 %s, p99 %s; unavailable for %.1fs; first after a fault %s, after a heal %s\n",
		latency(m, m.AckLatencyP50), latency(m, m.AckLatencyP99), m.UnavailableSeconds,
		since(m.TimeToFirstAckAfterFault), since(m.TimeToFirstAckAfterHeal))
	fmt.Fprintf(w, "reads     stale by %s at most\n", millis(m.StalenessMax))
}

// since is a wait in milliseconds; a negative one was not there.
func since(ns int64) string {
	if ns < 0 {
		return "-"
	}
	return millis(ns)
}
