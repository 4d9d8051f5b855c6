package partition

import (
	"slices"
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// advanceHighWatermark moves the leader's high watermark to the smallest end
// among the replicas that may be elected, and never back.
//
// It is held while the committed ISR is below the minimum ("strict min ISR",
// KAFKA-15583): whoever left the ISR then is still complete.
func (p *Partition) advanceHighWatermark(now time.Duration) {
	l := p.leader
	if l == nil {
		return
	}
	l.now = now
	if p.belowMinISR(p.state.ISR) && !p.cfg.Mutants.Has(mutant.MinISRCheckedOnce) {
		return
	}
	hw := p.replicatedEnd()
	if p.cfg.Mutants.Has(mutant.LeaderFlushNotAwaited) {
		hw = p.log.EndOffset()
	}
	maximal := p.maximalISR()
	for _, id := range p.state.Replicas {
		if id == p.cfg.Self {
			continue
		}
		if slices.Contains(maximal, id) || p.aboutToJoin(id) {
			hw = min(hw, l.replicas[id].end)
		}
	}
	switch {
	case p.cfg.Mutants.Has(mutant.MajorityWatermark):
		hw = p.reachedBy(len(maximal)/2+1, maximal)
	case p.cfg.Mutants.Has(mutant.AnyReplicasWatermark):
		hw = p.reachedBy(p.effectiveMinISR(), p.state.Replicas)
	}
	p.hw = max(p.hw, hw)
}

// reachedBy is how far any n of the replicas have come, the leader being one of
// them: what a mutant takes for committed.
func (p *Partition) reachedBy(n int, replicas []model.NodeID) model.Offset {
	ends := []model.Offset{}
	for _, id := range replicas {
		end := p.replicatedEnd()
		if id != p.cfg.Self {
			end = p.leader.replicas[id].end
		}
		ends = append(ends, end)
	}
	slices.Sort(ends)
	return ends[len(ends)-n]
}

// maximalISR is the largest ISR that the controller may hold: the committed one,
// and the replica that a pending expansion adds. A pending shrink counts for
// nothing until it is confirmed (KIP-497).
func (p *Partition) maximalISR() []model.NodeID {
	if p.leader == nil || p.leader.pending == nil {
		return p.state.ISR
	}
	change := p.leader.pending
	if change.expands() && !p.cfg.Mutants.Has(mutant.PendingExpansionIgnored) ||
		!change.expands() && p.cfg.Mutants.Has(mutant.PendingShrinkCounted) {
		return change.isr
	}
	return p.state.ISR
}

// aboutToJoin tells whether an outsider has caught up and may join: the
// watermark waits for it, so that a lone leader cannot outrun it for ever.
func (p *Partition) aboutToJoin(id model.NodeID) bool {
	r := p.leader.replicas[id]
	return r.end != model.NoOffset && p.caughtUp(r) && p.mayJoin(id, r)
}

// caughtUp tells whether a follower holds all the leader has, or did so within
// replica.lag.time.max.
func (p *Partition) caughtUp(r *replica) bool {
	return r.end == p.log.EndOffset() || p.leader.now-r.lastCaughtUp <= p.cfg.LagMax
}
