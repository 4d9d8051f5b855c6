package nemesis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Power is a kill that also takes what was not synced: with acks=all that is
// what replication is for, unless brokers sync before they ack.
const Power Kind = "power"

const (
	// midStepLimit bounds the wait for a step in which a node can be killed.
	midStepLimit = 500 * time.Millisecond
	midStepEvery = 5 * time.Millisecond
)

func (f Fault) validatePower() error {
	switch {
	case f.Torn && f.Kind != Power:
		return fmt.Errorf("torn true: allowed in a power fault only, not in a %s", f.Kind)
	case f.PowerOff && f.Kind != Stop:
		return fmt.Errorf("power_off true: allowed in a stop only, not in a %s", f.Kind)
	case f.MidStep && f.Kind != Kill:
		return fmt.Errorf("mid_step true: allowed in a kill only, not in a %s", f.Kind)
	}
	return nil
}

func (r *runner) applyPower(ctx context.Context, f *fault) error {
	before, err := r.states(f.nodes)
	if err != nil {
		return err
	}
	if f.before.incarnations, err = r.incarnations(f.nodes); err != nil {
		return err
	}
	lost := make([]int64, r.schedule.Nodes+1) // by node
	err = r.each(f.nodes, func(node int) (err error) {
		lost[node], err = r.cluster.(PowerCluster).LosePower(ctx, node, f.Fault.Torn)
		return err
	})
	if err != nil {
		return err
	}
	r.interruptStops(f.nodes, before)
	if err := r.judgeState(f, before, StateDead); err != nil {
		return err
	}
	f.evidence["lost_bytes"] = perNode(f.nodes, func(node int) string { return strconv.FormatInt(lost[node], 10) })
	// A node that was dead already still had its page cache to lose.
	f.bit = f.bit || slices.Max(lost) > 0
	return nil
}

// killMidStep waits until the nodes are dead, so that the fault is in force when
// it is reported. One that takes no step in all that time is killed at rest,
// which is not what was asked for.
func (r *runner) killMidStep(ctx context.Context, f *fault) (cut bool, err error) {
	if err := r.each(f.nodes, func(node int) error { return r.cluster.(MidStepCluster).KillMidStep(ctx, node) }); err != nil {
		return false, err
	}
	giveUp := r.time.Now().Add(midStepLimit)
	for slices.ContainsFunc(f.nodes, r.alive) && r.time.Now().Before(giveUp) && r.time.Sleep(ctx, midStepEvery) {
	}
	resting := slices.DeleteFunc(slices.Clone(f.nodes), func(node int) bool { return !r.alive(node) })
	f.evidence["mid_step"] = perNode(f.nodes, func(node int) string {
		return strconv.FormatBool(!slices.Contains(resting, node))
	})
	return len(resting) == 0, r.each(resting, func(node int) error { return r.cluster.Kill(ctx, node) })
}
