package sim

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// place is a topic partition.
type place struct {
	topic     string
	partition int32
	// id of the topic; zero is whichever bears the name.
	id model.TopicID
}

// metadata asks for a topic.
func metadata(topic string) *kmsg.MetadataRequest {
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = &topic
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = append(req.Topics, t)
	return req
}

// leaderIn finds the leader of a partition in an answer, and its epoch; NoNode if
// it has none there.
func leaderIn(resp kmsg.Response, at place) (model.NodeID, int32) {
	for _, t := range resp.(*kmsg.MetadataResponse).Topics {
		if at.id != (model.TopicID{}) && t.TopicID != at.id {
			continue
		}
		for _, p := range t.Partitions {
			if t.Topic != nil && *t.Topic == at.topic && p.Partition == at.partition && p.Leader > 0 {
				return model.NodeID(p.Leader), p.LeaderEpoch
			}
		}
	}
	return model.NoNode, -1
}
