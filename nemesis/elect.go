package nemesis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Elect makes its target the leader of the partition under test: a forced move,
// as operators and rebalancing tools order them. Nothing dies of it and nothing
// is to be healed; what follows a change of leaders is the same as after a death.
const Elect Kind = "elect"

// leadLimit bounds each attempt to move the leader: a controller that a fault
// cut off must not hold the other steps up.
const leadLimit = 500 * time.Millisecond

// electTargets can be one node only: one leads.
var electTargets = slices.DeleteFunc(slices.Clone(roleTargets), Target.several)

// several tells whether a target stands for several nodes.
func (t Target) several() bool { return t == Followers || t == Majority || t == All }

func (f Fault) validateElect() error {
	if f.Kind == Elect && f.Target.several() {
		return fmt.Errorf("target %q: an elect makes one node the leader, allowed are %s, node:N", string(f.Target), words(electTargets))
	}
	return nil
}

// lead asks for the fault's target to lead. One that may not, because it does not
// follow or there is no controller that could decide, has not got the target's
// role yet: the step waits for it as for any role.
func (r *runner) lead(ctx context.Context, f *fault) (accepted bool) {
	if len(f.nodes) == 0 {
		return false
	}
	ctx, cancel := r.time.WithTimeout(ctx, leadLimit)
	defer cancel()
	if err := r.view.Lead(ctx, f.nodes[0]); err != nil {
		f.evidence["refused"] = err.Error()
		return false
	}
	return true
}

// judgeElect reads whether the target leads, or the leader changed since the
// fault began. An epoch in between tells of a leader that is gone again.
func (r *runner) judgeElect(ctx context.Context, f *fault) {
	now, err := r.roles(ctx)
	if err != nil {
		f.evidence["error"] = err.Error()
		return
	}
	was := f.before.roles
	f.bit = now.Leader == f.nodes[0]
	if f.before.rolesKnown {
		f.evidence["leader"] = change(strconv.Itoa(was.Leader), strconv.Itoa(now.Leader))
		f.evidence["leader_epoch"] = change(epoch(was), epoch(now))
		f.bit = f.bit || now.LeaderEpoch != was.LeaderEpoch
	} else {
		f.evidence["leader"] = strconv.Itoa(now.Leader)
	}
}
