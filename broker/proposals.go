package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
)

// proposals carries ISR changes to the controller, one request at a time for
// all partitions (AlterPartition, KIP-497).
type proposals struct {
	inFlight bool
	// again is set while a request that failed waits for its next attempt.
	again bool
}

// proposed is one partition's change in a request.
type proposed struct {
	held   *held
	change partition.Proposal
}

func (c *Core) sendProposals() bool {
	if c.proposals.inFlight || c.proposals.again || !c.lifecycle.registered() {
		return false
	}
	var batch []proposed
	for _, h := range c.partitions.sorted {
		if change, ok := h.replica.TakeProposal(); ok {
			batch = append(batch, proposed{held: h, change: change})
		}
	}
	if len(batch) == 0 {
		return false
	}
	c.proposals.inFlight = true
	c.askController(c.alterPartition(batch), func(resp kmsg.Response, err error) {
		c.proposals.inFlight = false
		answer, _ := resp.(*kmsg.AlterPartitionResponse)
		if err != nil || answer.ErrorCode != 0 {
			c.proposalsLost(batch)
			return
		}
		c.proposalsAnswered(batch, answer)
	})
	return true
}

// proposalsLost keeps the changes pending, since they may have been applied,
// and sends the same again after a pause.
func (c *Core) proposalsLost(batch []proposed) {
	for _, p := range batch {
		c.fail(p.held.replica.Answered(c.now.Mono, p.change, partition.Answer{Lost: true}))
	}
	c.pauseProposals()
}

func (c *Core) pauseProposals() {
	c.proposals.again = true
	c.timers.schedule(c.now.Mono+c.cfg.ReplicaFetchBackoff, func() { c.proposals.again = false })
}

func (c *Core) alterPartition(batch []proposed) *kmsg.AlterPartitionRequest {
	req := kmsg.NewPtrAlterPartitionRequest()
	req.Version = 3
	req.BrokerID = int32(c.cfg.NodeID)
	req.BrokerEpoch = int64(c.lifecycle.epoch)
	for _, p := range batch {
		last := len(req.Topics) - 1
		if last < 0 || model.TopicID(req.Topics[last].TopicID) != p.held.topicID {
			topic := kmsg.NewAlterPartitionRequestTopic()
			topic.TopicID = p.held.topicID
			req.Topics = append(req.Topics, topic)
			last++
		}
		out := kmsg.NewAlterPartitionRequestTopicPartition()
		out.Partition = p.held.tp.Partition
		out.LeaderEpoch = int32(p.change.LeaderEpoch)
		out.PartitionEpoch = int32(p.change.PartitionEpoch)
		for _, m := range p.change.ISR {
			member := kmsg.NewAlterPartitionRequestTopicPartitionNewEpochISR()
			member.BrokerID, member.BrokerEpoch = int32(m.ID), int64(m.Epoch)
			out.NewEpochISR = append(out.NewEpochISR, member)
		}
		req.Topics[last].Partitions = append(req.Topics[last].Partitions, out)
	}
	return req
}

// proposalsAnswered hands each partition its answer, matched by topic id and
// number.
func (c *Core) proposalsAnswered(batch []proposed, resp *kmsg.AlterPartitionResponse) {
	type key struct {
		topic     model.TopicID
		partition int32
	}
	answers := map[key]partition.Answer{}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			answers[key{t.TopidID, p.Partition}] = answerOf(p)
		}
	}
	for _, p := range batch {
		if c.partitions.byName[p.held.tp] != p.held {
			continue // deleted meanwhile
		}
		answer, told := answers[key{p.held.topicID, p.held.tp.Partition}]
		if !told {
			answer.Lost = true
		}
		if answer.Lost || answer.Code != model.None {
			c.pauseProposals()
		}
		c.fail(p.held.replica.Answered(c.now.Mono, p.change, answer))
		c.touch(p.held)
	}
}

func answerOf(p kmsg.AlterPartitionResponseTopicPartition) partition.Answer {
	isr := make([]model.NodeID, len(p.ISR))
	for i, id := range p.ISR {
		isr[i] = model.NodeID(id)
	}
	return partition.Answer{Code: model.ErrorCode(p.ErrorCode), State: partition.State{
		ISR:            isr,
		Leader:         model.NodeID(p.LeaderID),
		LeaderEpoch:    model.Epoch(p.LeaderEpoch),
		PartitionEpoch: model.PartitionEpoch(p.PartitionEpoch),
		Recovering:     p.LeaderRecoveryState != 0,
	}}
}

// checkFollowers lets leaders look for followers that fell behind.
func (c *Core) checkFollowers() {
	for _, h := range c.partitions.sorted {
		if h.replica.IsLeader() {
			h.replica.Tick(c.now.Mono)
			c.touch(h)
		}
	}
}
