package controller

import (
	"slices"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// alterPartition applies a leader's proposal for a new ISR (KIP-497). The order
// of the checks matters to the leader: it keeps its proposal pending or rolls it
// back by the code that it gets.
func (a *application) alterPartition(cmd *AlterPartition) Result {
	if b := a.image.Brokers[cmd.Leader]; b == nil || b.Epoch != cmd.BrokerEpoch {
		return refuse(model.StaleBrokerEpoch, "Broker %d does not hold broker epoch %d.", cmd.Leader, cmd.BrokerEpoch)
	}
	name, ok := a.image.TopicNames[cmd.TopicID]
	if !ok {
		return refuse(model.UnknownTopicID, "This server does not host topic ID %s.", cmd.TopicID)
	}
	tp := model.TopicPartition{Topic: name, Partition: cmd.Partition}
	_, p := a.image.Lookup(tp)
	if p == nil {
		return unknownTopic()
	}
	refused := a.checkAlterPartition(cmd, p)
	if refused.Code != model.None {
		refused.Partition = p
		return refused
	}
	next := *p
	next.ISR = inOrder(p.Replicas, cmd.ISR)
	next.Recovering = cmd.Recovering
	if slices.Equal(next.ISR, p.ISR) && next.Recovering == p.Recovering {
		return Result{Partition: p}
	}
	return Result{Partition: a.replace(tp, next)}
}

// checkAlterPartition is ReplicationControlManager.validateAlterPartitionData.
func (a *application) checkAlterPartition(cmd *AlterPartition, p *Partition) Result {
	switch {
	case cmd.LeaderEpoch > p.LeaderEpoch || cmd.PartitionEpoch > p.PartitionEpoch:
		// The leader has seen more than this log says: whoever answers from
		// here is not the controller.
		return refuse(model.NotController, "The epochs %d/%d are ahead of this controller's %d/%d.",
			cmd.LeaderEpoch, cmd.PartitionEpoch, p.LeaderEpoch, p.PartitionEpoch)
	case cmd.LeaderEpoch < p.LeaderEpoch:
		return refuse(model.FencedLeaderEpoch, "Leader epoch %d is behind the current one, %d.", cmd.LeaderEpoch, p.LeaderEpoch)
	case cmd.Leader != p.Leader:
		return refuse(model.InvalidRequest, "Broker %d is not the leader, which is %d.", cmd.Leader, p.Leader)
	case cmd.PartitionEpoch < p.PartitionEpoch && !a.mutants.Has(mutant.PartitionEpochUnchecked):
		return refuse(model.InvalidUpdateVersion, "Partition epoch %d is behind the current one, %d.", cmd.PartitionEpoch, p.PartitionEpoch)
	}
	return a.checkISR(cmd, p)
}

func (a *application) checkISR(cmd *AlterPartition, p *Partition) Result {
	seen := map[model.NodeID]bool{}
	for _, m := range cmd.ISR {
		if seen[m.ID] || !slices.Contains(p.Replicas, m.ID) {
			return refuse(model.InvalidRequest, "ISR member %d is repeated or not one of the replicas %v.", m.ID, p.Replicas)
		}
		seen[m.ID] = true
	}
	if !seen[cmd.Leader] {
		return refuse(model.InvalidRequest, "The ISR must hold its leader, %d.", cmd.Leader)
	}
	if cmd.Recovering && len(cmd.ISR) > 1 {
		return refuse(model.InvalidRequest, "The ISR of a recovering partition must be its leader alone.")
	}
	if cmd.Recovering && !p.Recovering {
		return refuse(model.InvalidRequest, "A recovered partition cannot go back to recovering.")
	}
	for _, m := range cmd.ISR {
		b := a.image.Brokers[m.ID]
		if !b.Eligible() && !a.mutants.Has(mutant.FencedReplicaJoins) {
			return refuse(model.IneligibleReplica, "ISR member %d is not registered, fenced or shutting down.", m.ID)
		}
		if m.Epoch != model.NoBrokerEpoch && m.Epoch != b.Epoch {
			return refuse(model.IneligibleReplica, "ISR member %d was heard under broker epoch %d, its current one is %d.", m.ID, m.Epoch, b.Epoch)
		}
	}
	return Result{}
}

// inOrder lists the proposed members in the order of preference.
func inOrder(replicas []model.NodeID, members []ISRMember) []model.NodeID {
	isr := make([]model.NodeID, 0, len(members))
	for _, id := range replicas {
		if slices.ContainsFunc(members, func(m ISRMember) bool { return m.ID == id }) {
			isr = append(isr, id)
		}
	}
	return isr
}
