package partition

import "github.com/ackproof/ackproof/broker/model"

// MaximalISR is the largest ISR that the controller may hold, as far as this
// replica knows; the slice is not the caller's.
func (p *Partition) MaximalISR() []model.NodeID { return p.maximalISR() }

// EffectiveMinISR is min.insync.replicas, or the replication factor if that is
// smaller.
func (p *Partition) EffectiveMinISR() int { return p.effectiveMinISR() }

// FollowerEnd is where a leader believes a follower's log to end; false if it has
// not heard of it in this epoch.
func (p *Partition) FollowerEnd(id model.NodeID) (model.Offset, bool) {
	if p.leader == nil || p.leader.replicas[id] == nil {
		return model.NoOffset, false
	}
	end := p.leader.replicas[id].end
	return end, end != model.NoOffset
}
