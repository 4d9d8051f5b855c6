package partition

import "github.com/ackproof/ackproof/broker/model"

// MaximalISR is the largest ISR that the controller may hold, as far as this
// replica knows; the slice is not the caller's.
func (p *Partition) MaximalISR() []model.NodeID { return p.maximalISR() }

// EffectiveMinISR is min.insync.replicas, or the replication factor if that is
// smaller.
func (p *Partition) EffectiveMinISR() int { return p.effectiveMinISR() }
