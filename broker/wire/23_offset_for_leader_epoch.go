package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// OffsetForLeaderEpoch, versions 2 to 4: a consumer that changes leaders asks
// where its last epoch ends, to learn of a truncation (KIP-320).
var _ = register(Handler{Key: kmsg.OffsetForLeaderEpoch, Min: 2, Max: 4, Serve: offsetForLeaderEpoch})

func offsetForLeaderEpoch(n Node, call *Call) {
	req := call.Request.(*kmsg.OffsetForLeaderEpochRequest)
	resp := req.ResponseKind().(*kmsg.OffsetForLeaderEpochResponse)
	for _, topic := range req.Topics {
		answered := kmsg.NewOffsetForLeaderEpochResponseTopic()
		answered.Topic = topic.Topic
		for _, p := range topic.Partitions {
			tp := model.TopicPartition{Topic: topic.Topic, Partition: p.Partition}
			end, code := n.EpochEnd(tp, model.Epoch(p.CurrentLeaderEpoch), model.Epoch(p.LeaderEpoch))
			out := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
			out.Partition, out.ErrorCode = p.Partition, int16(code)
			out.LeaderEpoch, out.EndOffset = int32(end.Epoch), int64(end.End)
			answered.Partitions = append(answered.Partitions, out)
		}
		resp.Topics = append(resp.Topics, answered)
	}
	n.Reply(call, resp)
}
