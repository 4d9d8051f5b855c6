package nemesis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
)

// Stop asks the target to end in order, as an operator or an init system does: a
// broker hands its leaderships over, flushes, and leaves the marker of a clean
// shutdown. The step is its grace period and the time that it stays away: who
// has not ended when it is over is killed, and all are started again.
const Stop Kind = "stop"

func (r *runner) applyStop(ctx context.Context, f *fault) (err error) {
	if f.before.states, err = r.states(f.nodes); err != nil {
		return err
	}
	if f.before.incarnations, err = r.incarnations(f.nodes); err != nil {
		return err
	}
	asked := make([]bool, r.schedule.Nodes+1) // by node
	err = r.each(f.nodes, func(node int) error {
		err := r.cluster.Terminate(ctx, node)
		asked[node] = err == nil
		return err
	})
	f.stopping = slices.DeleteFunc(slices.Clone(f.nodes), func(node int) bool { return !asked[node] })
	return err
}

// interruptStops takes from the stops in force the nodes that another step has killed,
// of those that lived before: they have not ended in order.
func (r *runner) interruptStops(killed []int, before map[int]string) {
	killed = slices.DeleteFunc(slices.Clone(killed), func(node int) bool { return before[node] == StateDead })
	for _, f := range r.inForce {
		f.stopping = without(f.stopping, killed)
	}
}

// liftStop kills those that it has asked and whose grace is over, and starts the nodes
// again. Another stop of the node has a grace of its own.
func (r *runner) liftStop(ctx context.Context, f *fault) error {
	late, err := r.late(f)
	if err != nil {
		return err
	}
	if err := r.judgeStop(ctx, f, late); err != nil {
		return err
	}
	mine := r.released(f, Stop)
	late = slices.DeleteFunc(late, func(node int) bool {
		return !slices.Contains(mine, node) || !slices.Contains(f.stopping, node)
	})
	if err := r.each(late, func(node int) error { return r.cluster.Kill(ctx, node) }); err != nil {
		return err
	}
	if len(late) > 0 {
		f.evidence["killed"] = numbers(late)
	}
	if f.Fault.PowerOff {
		if err := r.powerOff(ctx, f); err != nil {
			return err
		}
	}
	return r.liftKill(ctx, f)
}

// powerOff switches the machines off on which nothing runs any more. What a broker
// has said is kept then, whatever it flushes while it runs.
func (r *runner) powerOff(ctx context.Context, f *fault) error {
	off := make([]string, r.schedule.Nodes+1) // by node
	err := r.each(f.nodes, func(node int) error {
		lost, inOrder, err := r.cluster.(PowerCluster).PowerOff(ctx, node)
		off[node] = "stayed on"
		if inOrder {
			off[node] = strconv.FormatInt(lost, 10)
		}
		return err
	})
	f.evidence["lost_bytes"] = perNode(f.nodes, func(node int) string { return off[node] })
	return err
}

// late are the nodes whose process is still the one that was asked to end.
func (r *runner) late(f *fault) ([]int, error) {
	now, err := r.incarnations(f.nodes)
	return slices.DeleteFunc(slices.Clone(f.nodes), func(node int) bool {
		return !r.alive(node) || now[node] != f.before.incarnations[node]
	}), err
}

// judgeStop reads who ended in time, which must be one at least that lived, was not
// killed by another step, and ended as asked: a broker whose disk failed meanwhile, or
// that had only just started and did not catch the signal yet, left nothing in order.
func (r *runner) judgeStop(ctx context.Context, f *fault, late []int) error {
	if f.evidence["error"] != "" {
		return nil
	}
	gone := slices.DeleteFunc(slices.Clone(f.nodes), func(node int) bool {
		return f.before.states[node] == StateDead || slices.Contains(late, node)
	})
	well, err := readEach(gone, func(node int) (bool, error) { return r.cluster.EndedWell(ctx, node) })
	if err != nil {
		return err
	}
	f.evidence["stopped"] = perNode(f.nodes, func(node int) string {
		switch {
		case f.before.states[node] == StateDead:
			return "was dead"
		case slices.Contains(late, node) && f.For == 0:
			return "not before the heal"
		case slices.Contains(late, node):
			return fmt.Sprintf("not within %v", f.For.Duration())
		case !slices.Contains(f.stopping, node):
			return "killed by another step"
		case !well[node]:
			return "ended, but not in order"
		}
		f.bit = true
		return "in time"
	})
	return nil
}
