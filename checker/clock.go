package checker

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// coincidences is how many clock faults may go along with a change of roles
// that is not theirs: a broker that a loaded machine did not let run for the length
// of its session is rightly fenced, whatever the clocks show, but not each time
// that somebody turns a clock.
const coincidences = 1

// clockMovedLeader finds brokers that take a wrong wall clock for silence.
// Sessions, leases and timeouts go by a clock that nobody can set, so under a
// clock fault alone nobody may be fenced: no leader may change and nobody leave an
// ISR. No configuration excuses that, it is promised always. Faults near
// other kinds of fault say nothing, since those have consequences of their own.
func clockMovedLeader(r *run) []Verdict {
	f := finding{check: CheckClockMoved}
	if r.rough {
		return []Verdict{{Check: f.check, Status: Skipped, Reason: "the weather moves leaders, too"}}
	}
	alone := 0
	for i := range r.faults {
		w := &r.faults[i]
		if w.kind != clock || !w.hit() || slices.ContainsFunc(r.faults, func(other fault) bool {
			return other.kind != clock && other.near(w)
		}) {
			continue
		}
		alone++
		if how := w.moved(); how != "" {
			f.add(func() (string, []Op) {
				return fmt.Sprintf("while nothing but clocks was wrong, from %s to %s (%s), %s",
					seconds(w.began), w.until(), w.describe, how), nil
			})
		}
	}
	switch {
	case alone == 0:
		return []Verdict{{Check: f.check, Status: Skipped, Reason: "no clock fault was alone"}}
	case f.count > 0 && f.count <= coincidences:
		return []Verdict{{Check: f.check, Status: Unknown, Reason: f.reason + ": once, which a starved machine can do too"}}
	}
	return []Verdict{f.verdict(true)}
}

// recovery bounds, generously, how long the consequences of a fault go on after it was
// healed.
const recovery = 10 * time.Second

// near says whether a fault was in force while another one was, or so close to that
// that it may still have had consequences, or the other one.
func (f *fault) near(w *fault) bool {
	return f.began <= max(w.healed, w.began+int64(recovery)) && (f.healed == never || f.healed+int64(recovery) >= w.began)
}

// until is the time at which a fault was healed, in print.
func (f *fault) until() string {
	if f.healed == never {
		return "the end"
	}
	return seconds(f.healed)
}

// moved says, by the evidence, who lost a role while the fault was in force, if
// anybody did. A replica that joins the ISR lost nothing.
func (f *fault) moved() string {
	var changes []string
	if before, after := changed(f.evidence["leader_epoch"]); before != after {
		changes = append(changes, fmt.Sprintf("the leader's epoch went from %s to %s", before, after))
	}
	before, after := changed(f.evidence["isr"])
	members := strings.Split(after, ",")
	if slices.ContainsFunc(strings.Split(before, ","), func(id string) bool { return !slices.Contains(members, id) }) {
		changes = append(changes, fmt.Sprintf("the ISR went from %s to %s", before, after))
	}
	return strings.Join(changes, ", ")
}

// changed reads an entry of evidence: "4", or "4 -> 5" if it changed.
func changed(evidence string) (before, after string) {
	before, after, found := strings.Cut(evidence, "->")
	if !found {
		return evidence, evidence
	}
	return strings.TrimSpace(before), strings.TrimSpace(after)
}
