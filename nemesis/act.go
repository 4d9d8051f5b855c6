package nemesis

import (
	"context"
	"slices"

	"github.com/ackproof/ackproof/harness/timeline"
)

// apply brings the fault into force and reads back whether it is.
func (r *runner) apply(ctx context.Context, f *fault) error {
	if f.Fault.Kind.OnLinks() {
		return r.applyLinks(ctx, f)
	}
	switch f.Fault.Kind {
	case Pause:
		return r.applyPause(ctx, f)
	case SkewClock:
		return r.applyClock(ctx, f)
	case Elect:
		return nil // it was asked for when its target was looked for
	case Power:
		return r.applyPower(ctx, f)
	case Disk:
		return r.applyDisk(ctx, f)
	case Stop:
		return r.applyStop(ctx, f)
	default:
		return r.applyKill(ctx, f)
	}
}

// lift ends the fault, as far as no other fault in force says otherwise: two
// kills of one node end with the later heal.
func (r *runner) lift(ctx context.Context, f *fault) error {
	if len(f.nodes) == 0 {
		return nil
	}
	if f.Fault.Kind.OnLinks() {
		r.judgeLinks(ctx, f)
		return r.cluster.SetLinks(ctx, r.links())
	}
	switch f.Fault.Kind {
	case Pause:
		return r.liftPause(ctx, f)
	case SkewClock:
		return r.liftClock(ctx, f)
	case Elect:
		r.judgeElect(ctx, f)
		return nil
	case Disk:
		return r.liftDisk(ctx, f)
	case Stop:
		return r.liftStop(ctx, f)
	default:
		return r.liftKill(ctx, f)
	}
}

// links is what all faults in force do to links.
func (r *runner) links() Links {
	links := Links{}
	for _, f := range r.inForce {
		merge(links, f.links)
	}
	return links
}

// released keeps the fault's nodes that no other fault of these kinds holds.
func (r *runner) released(f *fault, kinds ...Kind) []int {
	nodes := slices.Clone(f.nodes)
	for _, other := range r.inForce {
		if slices.Contains(kinds, other.Fault.Kind) {
			nodes = without(nodes, other.nodes)
		}
	}
	return nodes
}

// each acts on all nodes at the same time: a cluster that loses its nodes one
// by one has time to react.
func (r *runner) each(nodes []int, act func(node int) error) error {
	return timeline.Each(r.time, nodes, act)
}

func (r *runner) applyLinks(ctx context.Context, f *fault) error {
	f.links = Links{}
	for _, node := range f.nodes {
		links := badLinks(f.Fault, node, r.schedule.Nodes)
		if f.Fault.Peer != "" {
			links.keepWith(without(f.Fault.Peer.resolve(f.before.roles, r.schedule.Nodes, f.ID), []int{node}))
		}
		merge(f.links, links)
	}
	f.before.bitten = linkEvidence[f.Fault.Kind].sum(r.cluster.LinkStats(), f.links)
	return r.cluster.SetLinks(ctx, r.links())
}

func (r *runner) applyPause(ctx context.Context, f *fault) error {
	before, err := r.states(f.nodes)
	if err != nil {
		return err
	}
	if err := r.each(f.nodes, func(node int) error { return r.cluster.Pause(ctx, node) }); err != nil {
		return err
	}
	return r.judgeState(f, before, StateStopped)
}

func (r *runner) liftPause(ctx context.Context, f *fault) error {
	return r.each(r.released(f, Pause), func(node int) error { return r.cluster.Resume(ctx, node) })
}

func (r *runner) applyKill(ctx context.Context, f *fault) error {
	before, err := r.states(f.nodes)
	if err != nil {
		return err
	}
	if f.before.incarnations, err = r.incarnations(f.nodes); err != nil {
		return err
	}
	asAsked := true
	if f.Fault.MidStep {
		asAsked, err = r.killMidStep(ctx, f)
	} else {
		err = r.each(f.nodes, func(node int) error { return r.cluster.Kill(ctx, node) })
	}
	if err != nil {
		return err
	}
	r.interruptStops(f.nodes, before)
	if err := r.judgeState(f, before, StateDead); err != nil {
		return err
	}
	f.bit = f.bit && asAsked
	if f.Fault.Kind == Wipe {
		return r.applyWipe(ctx, f)
	}
	return nil
}

func (r *runner) applyWipe(ctx context.Context, f *fault) error {
	before, err := r.dataBytes(f.nodes)
	if err != nil {
		return err
	}
	if err := r.each(f.nodes, func(node int) error { return r.cluster.WipeData(ctx, node) }); err != nil {
		return err
	}
	return r.judgeWipe(f, before)
}

// deadly are the kinds of fault that a node may be dead of. It is started again
// when the last of them is healed.
var deadly = []Kind{Kill, Stop, Wipe, Power, Disk}

func (r *runner) liftKill(ctx context.Context, f *fault) error {
	nodes := r.released(f, deadly...)
	if err := r.each(nodes, func(node int) error { return r.cluster.Restart(ctx, node) }); err != nil {
		return err
	}
	return r.judgeRestart(f, nodes)
}
