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
	if len(p.state.ISR) < p.effectiveMinISR() && !p.cfg.Mutants.Has(mutant.MinISRIgnored) {
		return
	}
	hw := p.replicatedEnd()
	maximal := p.maximalISR()
	for _, id := range p.state.Replicas {
		if id == p.cfg.Self {
			continue
		}
		if slices.Contains(maximal, id) || p.aboutToJoin(id) {
			hw = min(hw, l.replicas[id].end)
		}
	}
	p.hw = max(p.hw, hw)
}

// maximalISR is the largest ISR that the controller may hold: the committed one,
// and the replica that a pending expansion adds. A pending shrink counts for
// nothing until it is confirmed (KIP-497).
func (p *Partition) maximalISR() []model.NodeID {
	if p.leader == nil || p.leader.pending == nil || !p.leader.pending.expands() {
		return p.state.ISR
	}
	return p.leader.pending.isr
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
