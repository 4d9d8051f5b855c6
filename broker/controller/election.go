package controller

import (
	"slices"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// elect gives a partition its leader: the current one if it may stay, else the
// first eligible ISR member in the order of preference, else, only where the
// topic allows an unclean election, the first eligible replica, else none.
func (a *application) elect(topic string, p Partition) Partition {
	if a.mayLead(&p, p.Leader) {
		return p
	}
	for _, id := range p.Replicas {
		if a.mayLead(&p, id) {
			p.Leader = id
			return p
		}
	}
	if a.image.uncleanAllowed(topic) || a.mutants.Has(mutant.UncleanByDefault) {
		if next, ok := a.electUnclean(p); ok {
			return next
		}
	}
	p.Leader = model.NoNode
	return p
}

func (a *application) mayLead(p *Partition, id model.NodeID) bool {
	inSync := slices.Contains(p.ISR, id) || a.mutants.Has(mutant.ElectAnyLive)
	return inSync && a.live(id)
}

func (a *application) live(id model.NodeID) bool {
	return a.image.Brokers[id].Eligible() || id != model.NoNode && a.mutants.Has(mutant.FencedElected)
}

// electUnclean takes the first eligible replica, whatever its log holds. It
// becomes the only ISR member, and nobody joins before it has confirmed
// (KIP-704).
func (a *application) electUnclean(p Partition) (Partition, bool) {
	for _, id := range p.Replicas {
		if a.live(id) {
			p.Leader, p.ISR, p.Recovering = id, []model.NodeID{id}, true
			return p, true
		}
	}
	return p, false
}

// electLeaderless tries again for every partition that has no leader.
func (a *application) electLeaderless() {
	for tp, p := range a.image.Partitions() {
		if p.Leader != model.NoNode {
			continue
		}
		if next := a.elect(tp.Topic, *p); next.Leader != model.NoNode {
			a.replace(tp, next)
		}
	}
}

// electLeader answers an operator's or the balancer's wish (KIP-460). An unclean
// election that is asked for by name needs no configuration to allow it, but
// still prefers a clean leader if there is one.
func (a *application) electLeader(cmd *ElectLeader) Result {
	tp := model.TopicPartition{Topic: cmd.Topic, Partition: cmd.Partition}
	_, p := a.image.Lookup(tp)
	if p == nil {
		return unknownTopic()
	}
	next := *p
	if cmd.Unclean {
		if p.Leader != model.NoNode {
			return Result{Code: model.ElectionNotNeeded, Message: "Leader election not needed for topic partition.", Partition: p}
		}
		if next = a.elect(cmd.Topic, next); next.Leader == model.NoNode {
			var ok bool
			if next, ok = a.electUnclean(next); !ok {
				return Result{Code: model.EligibleLeadersNotAvailable, Message: "Eligible topic partition leaders are not available.", Partition: p}
			}
		}
		return Result{Partition: a.replace(tp, next)}
	}
	preferred := p.Replicas[0]
	if p.Leader == preferred {
		return Result{Code: model.ElectionNotNeeded, Message: "Leader election not needed for topic partition.", Partition: p}
	}
	if !a.mayLead(p, preferred) && !a.mutants.Has(mutant.PreferredOutsideISR) {
		return Result{Code: model.PreferredLeaderNotAvailable, Message: "The preferred leader was not available.", Partition: p}
	}
	next.Leader = preferred
	return Result{Partition: a.replace(tp, next)}
}
