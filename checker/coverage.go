package checker

import (
	"fmt"
	"slices"
	"strings"
)

// coverage refuses to judge a run that did too little: without work, without
// faults that bit, or without a complete drain, finding nothing means nothing.
func coverage(r *run) []Verdict {
	return []Verdict{r.didEnough(), r.faultsBit(), r.wasDrained()}
}

func unknownIf(check, reason string) Verdict {
	if reason != "" {
		return Verdict{Check: check, Status: Unknown, Reason: reason}
	}
	return Verdict{Check: check, Status: OK}
}

func (r *run) didEnough() Verdict {
	if r.truncated {
		return unknownIf(CheckCoverage, "the last line of the history is torn: the run was cut short")
	}
	before, during, after := r.ackedAround()
	floors := []struct {
		when  string
		acked int
		floor int
		binds bool
	}{
		{"in the run", before + during + after, 1, true},
		{"before the first fault", before, r.options.MinAckedBefore, true},
		{"during the faults", during, r.options.MinAckedDuring, len(r.faults) > 0},
		{"after the last heal", after, r.options.MinAckedAfter, len(r.faults) > 0},
	}
	for _, f := range floors {
		if f.binds && f.acked < f.floor {
			return unknownIf(CheckCoverage, fmt.Sprintf("%d sends were acked %s, and at least %d must be", f.acked, f.when, f.floor))
		}
	}
	v := unknownIf(CheckCoverage, "")
	v.Evidence = map[string]any{"acked_before": before, "acked_during": during, "acked_after": after}
	return v
}

// ackedAround counts acked sends before, during and after the faults, all of
// them taken as one window.
func (r *run) ackedAround() (before, during, after int) {
	began, healed := int64(never), int64(none)
	for _, f := range r.faults {
		began, healed = min(began, f.began), max(healed, f.healed)
	}
	for i := range r.sends {
		s := &r.sends[i]
		switch {
		case s.marker || !s.acked():
		case s.ended < began:
			before++
		case s.ended <= healed:
			during++
		default:
			after++
		}
	}
	return before, during, after
}

// knownKinds are the kinds of fault of which it is known what is promised.
var knownKinds = slices.Concat(sparesDisks, takesData)

// faultsBit asks every fault for its heal and for evidence that it had an
// effect.
func (r *run) faultsBit() Verdict {
	if len(r.faults) == 0 {
		return Verdict{Check: CheckFaults, Status: Skipped, Reason: "the run had no faults"}
	}
	for i := range r.faults {
		f := &r.faults[i]
		name := fmt.Sprintf("fault of step %d (%s)", f.step, f.kind)
		switch {
		case !slices.Contains(knownKinds, f.kind):
			return unknownIf(CheckFaults, fmt.Sprintf("%s: what is promised under it is not known, only under %s",
				name, strings.Join(knownKinds, ", ")))
		case f.healed == never:
			return unknownIf(CheckFaults, name+" was not healed")
		case f.bit == nil:
			return unknownIf(CheckFaults, name+" has no evidence of an effect")
		case !f.hit():
			return unknownIf(CheckFaults, name+" had no effect")
		}
	}
	return unknownIf(CheckFaults, "")
}

func (r *run) wasDrained() Verdict {
	return unknownIf(CheckDrain, r.undrained())
}

// undrained says what a drain of every replica of every partition lacks, or
// nothing where it is complete.
func (r *run) undrained() string {
	written, read := 0, 0 // partitions
	for _, p := range r.partitions {
		if lacks := p.undrained(r); lacks != "" {
			return lacks
		}
		if len(p.sends) > 0 {
			written++
			if slices.ContainsFunc(p.drains, func(d *drain) bool { return d.complete }) {
				read++
			}
		}
	}
	switch {
	case len(r.partitions) == 0:
		return "no partition was drained: the history has no ops"
	case written > 0 && read == 0:
		return "no partition was drained: each that was written to was deleted before"
	}
	return ""
}

func (p *partition) undrained(r *run) string {
	if len(p.sends) == 0 || p.deleted() {
		return ""
	}
	replicas := max(r.config.ReplicationFactor, 1)
	if len(p.drains) < replicas {
		return fmt.Sprintf("%s was drained from %d of %d replicas", p, len(p.drains), replicas)
	}
	for _, w := range p.drains {
		if !w.complete {
			return fmt.Sprintf("the drain of %s from node %d is not complete: %s", p, w.node, w.lacks)
		}
	}
	return ""
}
