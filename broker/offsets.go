package broker

import (
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
)

// OffsetAt answers ListOffsets for one partition.
func (c *Core) OffsetAt(tp model.TopicPartition, current model.Epoch, timestamp int64, fromFollower bool) partition.OffsetAnswer {
	refusal := partition.OffsetAnswer{Offset: model.NoOffset, Timestamp: -1, Epoch: model.NoEpoch}
	h, code := c.find(tp)
	if code == model.None {
		code = h.replica.CheckLeader(current)
	}
	if code != model.None {
		refusal.Code = code
		return refusal
	}
	answer, err := h.replica.OffsetAt(timestamp, fromFollower)
	c.fail(err)
	return answer
}

// EpochEnd answers OffsetForLeaderEpoch for one partition.
func (c *Core) EpochEnd(tp model.TopicPartition, current, epoch model.Epoch) (partition.EpochEnd, model.ErrorCode) {
	undefined := partition.EpochEnd{Epoch: model.NoEpoch, End: model.NoOffset}
	h, code := c.find(tp)
	if code == model.None {
		code = h.replica.CheckLeader(current)
	}
	if code != model.None {
		return undefined, code
	}
	found, end, defined := h.replica.Log().EndOffsetFor(epoch)
	if !defined {
		return undefined, model.None
	}
	return partition.EpochEnd{Epoch: found, End: end}, model.None
}

// LeaderHint is the leader and epoch in this broker's metadata.
func (c *Core) LeaderHint(tp model.TopicPartition) (model.NodeID, model.Epoch) {
	if _, p := c.Image().Lookup(tp); p != nil {
		return p.Leader, p.LeaderEpoch
	}
	return model.NoNode, model.NoEpoch
}
