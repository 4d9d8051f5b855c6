package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
)

// ListOffsets, versions 1 to 8: v4 checks the leader epoch, v5 knows
// OFFSET_NOT_AVAILABLE (KIP-207; older clients get LEADER_NOT_AVAILABLE), v7
// the largest timestamp, v8 the earliest local offset, which without tiered
// storage is the earliest.
var _ = register(Handler{Key: kmsg.ListOffsets, Min: 1, Max: 8, Serve: listOffsets})

const earliestLocalOffset = -4

func listOffsets(n Node, call *Call) {
	req := call.Request.(*kmsg.ListOffsetsRequest)
	fromFollower := req.ReplicaID >= 0 && call.Listener == n.InterBrokerListener()
	resp := req.ResponseKind().(*kmsg.ListOffsetsResponse)
	for _, topic := range req.Topics {
		answered := kmsg.NewListOffsetsResponseTopic()
		answered.Topic = topic.Topic
		for _, p := range topic.Partitions {
			timestamp, current := p.Timestamp, model.NoEpoch
			if timestamp == earliestLocalOffset {
				timestamp = partition.EarliestOffset
			}
			if req.Version >= 4 {
				current = model.Epoch(p.CurrentLeaderEpoch)
			}
			tp := model.TopicPartition{Topic: topic.Topic, Partition: p.Partition}
			a := n.OffsetAt(tp, current, timestamp, fromFollower)
			if a.Code == model.OffsetNotAvailable && req.Version < 5 {
				a.Code = model.LeaderNotAvailable
			}
			out := kmsg.NewListOffsetsResponseTopicPartition()
			out.Partition, out.ErrorCode = p.Partition, int16(a.Code)
			out.Offset, out.Timestamp, out.LeaderEpoch = int64(a.Offset), a.Timestamp, int32(a.Epoch)
			answered.Partitions = append(answered.Partitions, out)
		}
		resp.Topics = append(resp.Topics, answered)
	}
	n.Reply(call, resp)
}
