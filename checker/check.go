package checker

import (
	"fmt"

	"github.com/ackproof/ackproof/harness/history"
)

// Names of the checks, in the order in which a result lists them.
const (
	CheckHistory          = "history"
	CheckCoverage         = "coverage"
	CheckFaults           = "faults"
	CheckDrain            = "drain"
	CheckUnseen           = "unseen"
	CheckLostWrite        = "lost-write"
	CheckMoved            = "moved"
	CheckAgreement        = "inconsistent-offsets"
	CheckDirtyRead        = "dirty-read"
	CheckPhantom          = "phantom-read"
	CheckAborted          = "aborted-read"
	CheckDuplicate        = "duplicate"
	CheckRealTime         = "real-time-order"
	CheckStaleRead        = "stale-read"
	CheckSecondOpinion    = "second-opinion"
	CheckDisagree         = "checkers-disagree"
	CheckEndOffset        = "end-offset-regression"
	CheckReplicas         = "replica-divergence"
	CheckUnderMinISR      = "under-min-isr"
	CheckClockMoved       = "clock-moved-leader"
	CheckIntPollSkip      = "int-poll-skip"
	CheckIntNonmonotonic  = "int-nonmonotonic-poll"
	CheckPollSkip         = "poll-skip"
	CheckNonmonotonicPoll = "nonmonotonic-poll"
	CheckNonmonotonicSend = "nonmonotonic-send"
)

// Check judges a history. It never fails and never panics on one: what it
// cannot judge is unknown, with the reason.
func Check(h *history.History, o Options) Result {
	res := Result{Format: Format, Version: Version, Run: h.Header.Run, StrictReads: o.StrictReads}
	if err := h.Validate(); err != nil {
		res.Promise = Promise{Reason: "the history is malformed"}
		res.Verdicts = []Verdict{{Check: CheckHistory, Status: Unknown, Reason: err.Error()}}
		return res.decide()
	}
	r := newRun(h, o.normalised())
	res.Promise = r.promise
	res.Verdicts = []Verdict{{Check: CheckHistory, Status: OK}}
	for _, check := range []func(*run) []Verdict{
		coverage, durability, agreement, dirtyReads, phantoms, duplicates,
		realTimeOrder, endOffsets, replicas, underMinISR, clockMovedLeader, processOrder,
	} {
		res.Verdicts = append(res.Verdicts, check(r)...)
	}
	res.Metrics = r.metrics()
	if unseen, ok := res.Verdict(CheckUnseen); ok {
		res.Metrics.Lost = unseen.Count
	}
	return res.decide()
}

// decide draws the status from the verdicts: a proven violation beats unknown,
// and unknown beats ok. A promised violation gives the reason before others.
func (r Result) decide() Result {
	r.Status, r.Reason = OK, ""
	rank := 0
	for _, v := range r.Verdicts {
		if weight := v.weight(); weight > rank {
			rank = weight
			r.Status, r.Reason = v.Status, fmt.Sprintf("%s: %s", v.Check, v.Reason)
		}
	}
	return r
}

func (v Verdict) weight() int {
	switch {
	case v.Status == Violation && v.Promised:
		return 3
	case v.Status == Violation:
		return 2
	case v.Status == Unknown:
		return 1
	}
	return 0
}

// finding collects the cases of one check; the first is the one shown.
type finding struct {
	check    string
	count    int
	reason   string
	ops      []Op
	evidence map[string]any
}

// add counts a case; tell is asked only for the first one.
func (f *finding) add(tell func() (reason string, ops []Op)) {
	f.count++
	if f.count == 1 {
		f.reason, f.ops = tell()
	}
}

// addAll counts n cases, of which tell shows the first.
func (f *finding) addAll(n int, tell func() (reason string, ops []Op)) {
	if n > 0 {
		f.add(tell)
		f.count += n - 1
	}
}

// verdict is ok without cases, and a violation with any.
func (f *finding) verdict(promised bool) Verdict {
	if f.count == 0 {
		return Verdict{Check: f.check, Status: OK}
	}
	return Verdict{
		Check: f.check, Status: Violation, Reason: f.reason, Promised: promised,
		Count: f.count, Ops: f.ops, Evidence: f.evidence,
	}
}

// unless is verdict, but unknown for the given reason where no case was found
// and the reason is not empty.
func (f *finding) unless(unknown string, promised bool) Verdict {
	if f.count == 0 && unknown != "" {
		return Verdict{Check: f.check, Status: Unknown, Reason: unknown}
	}
	return f.verdict(promised)
}
