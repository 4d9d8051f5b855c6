package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// AlterPartition: versions 2-3, between brokers only (KIP-497).
//
//   - v2: topics by id (KIP-841); v3: every ISR member comes with the broker
//     epoch under which the leader heard it (KIP-903). A v2 member has none,
//     which tells the controller to skip that check.
//
// For the controller only. A broker epoch that is not current refuses the whole
// request, as Kafka does: nothing that an earlier life asked for may count.
var _ = register(Handler{Key: kmsg.AlterPartition, Min: 2, Max: 3, InsideOnly: true, Serve: alterPartition})

// recovering is the leader recovery state of a partition after an unclean
// election (KIP-704).
const recovering int8 = 1

func alterPartition(n Node, call *Call) {
	req := call.Request.(*kmsg.AlterPartitionRequest)
	resp := responseTo[*kmsg.AlterPartitionResponse](call)
	if !isController(n) {
		resp.ErrorCode = int16(model.NotController)
		n.Reply(call, resp)
		return
	}

	var all gather
	stale := false
	resp.Topics = make([]kmsg.AlterPartitionResponseTopic, len(req.Topics))
	for i, topic := range req.Topics {
		t := &resp.Topics[i]
		t.Default()
		t.TopidID = topic.TopicID
		t.Partitions = make([]kmsg.AlterPartitionResponseTopicPartition, len(topic.Partitions))
		for j, partition := range topic.Partitions {
			slot := &t.Partitions[j]
			slot.Default()
			slot.Partition = partition.Partition
			all.add(alterPartitionCommand(req, topic.TopicID, partition), func(result controller.Result) {
				stale = stale || result.Code == model.StaleBrokerEpoch
				settleAlteredPartition(slot, result)
			})
		}
	}
	all.propose(n, func() {
		if stale {
			resp.ErrorCode, resp.Topics = int16(model.StaleBrokerEpoch), nil
		}
		n.Reply(call, resp)
	})
}

func alterPartitionCommand(req *kmsg.AlterPartitionRequest, topic model.TopicID, p kmsg.AlterPartitionRequestTopicPartition) controller.Command {
	var isr []controller.ISRMember
	for _, id := range p.NewISR {
		isr = append(isr, controller.ISRMember{ID: model.NodeID(id), Epoch: model.NoBrokerEpoch})
	}
	for _, member := range p.NewEpochISR {
		isr = append(isr, controller.ISRMember{ID: model.NodeID(member.BrokerID), Epoch: model.BrokerEpoch(member.BrokerEpoch)})
	}
	return controller.Command{AlterPartition: &controller.AlterPartition{
		TopicID:        topic,
		Partition:      p.Partition,
		Leader:         model.NodeID(req.BrokerID),
		BrokerEpoch:    model.BrokerEpoch(req.BrokerEpoch),
		LeaderEpoch:    model.Epoch(p.LeaderEpoch),
		PartitionEpoch: model.PartitionEpoch(p.PartitionEpoch),
		ISR:            isr,
		Recovering:     p.LeaderRecoveryState == recovering,
	}}
}

func settleAlteredPartition(slot *kmsg.AlterPartitionResponseTopicPartition, result controller.Result) {
	slot.ErrorCode = int16(result.Code)
	// A refusal carries no state: the leader learns that from its metadata.
	if result.Code != model.None {
		return
	}
	slot.LeaderID = int32(result.Partition.Leader)
	slot.LeaderEpoch = int32(result.Partition.LeaderEpoch)
	slot.ISR = int32s(result.Partition.ISR)
	slot.PartitionEpoch = int32(result.Partition.PartitionEpoch)
	if result.Partition.Recovering {
		slot.LeaderRecoveryState = recovering
	}
}
