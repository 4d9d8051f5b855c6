package wire

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// Metadata: versions 0-12.
//
//   - v0: an empty topic list means all topics; since v1 a null list does, and
//     an empty one means none.
//   - v1: controller id, rack; v2: cluster id; v5: offline replicas (KIP-112);
//     v7: leader epochs (KIP-320); v8: authorized operations, which are always
//     unknown here; v9: flexible; v10: topic ids in answers (KIP-516).
//   - v12: topics may be asked for by id. v10 and v11 have the field but Kafka
//     refuses it there (KAFKA-12701), and so does this broker.
//
// Topics are never created by asking for them: auto.create.topics.enable is
// false, so an unknown topic is UNKNOWN_TOPIC_OR_PARTITION whatever the request
// allows. Any broker answers, from the metadata it has applied.
var _ = register(Handler{Key: kmsg.Metadata, Min: 0, Max: 12, Serve: metadata})

func metadata(n Node, call *Call) {
	req := call.Request.(*kmsg.MetadataRequest)
	resp := responseTo[*kmsg.MetadataResponse](call)
	image := n.Image()

	alive := aliveEndpoints(image, call.Listener)
	resp.Brokers = make([]kmsg.MetadataResponseBroker, 0, len(alive))
	for _, e := range alive {
		b := kmsg.NewMetadataResponseBroker()
		b.NodeID, b.Host, b.Port, b.Rack = int32(e.broker.ID), e.host, e.port, text(e.broker.Rack)
		resp.Brokers = append(resp.Brokers, b)
	}
	clusterID := n.ClusterID()
	resp.ClusterID = &clusterID
	resp.ControllerID = int32(reachableController(n))

	if req.Topics == nil || req.Version == 0 && len(req.Topics) == 0 {
		for _, name := range image.TopicList() {
			resp.Topics = append(resp.Topics, describeTopic(image, image.Topics[name], alive))
		}
	} else {
		resp.Topics = requestedTopics(req, image, alive)
	}
	n.Reply(call, resp)
}

// requestedTopics answers in the request's order, a topic that was asked for
// twice once.
func requestedTopics(req *kmsg.MetadataRequest, image *controller.Image, alive []endpoint) []kmsg.MetadataResponseTopic {
	type question struct {
		name string
		id   model.TopicID
	}
	asked := map[question]bool{}
	topics := make([]kmsg.MetadataResponseTopic, 0, len(req.Topics))
	for _, t := range req.Topics {
		q := question{id: t.TopicID}
		if t.Topic != nil {
			q.name = *t.Topic
		}
		if !asked[q] {
			asked[q] = true
			topics = append(topics, requestedTopic(req.Version, t, image, alive))
		}
	}
	return topics
}

func requestedTopic(version int16, t kmsg.MetadataRequestTopic, image *controller.Image, alive []endpoint) kmsg.MetadataResponseTopic {
	refused := func(code model.ErrorCode) kmsg.MetadataResponseTopic {
		r := kmsg.NewMetadataResponseTopic()
		r.Topic, r.TopicID, r.ErrorCode = t.Topic, t.TopicID, int16(code)
		return r
	}
	byID := t.TopicID != model.TopicID{}
	if version < 12 && (byID || t.Topic == nil) {
		return refused(model.InvalidRequest)
	}
	if byID {
		name, known := image.TopicNames[t.TopicID]
		if !known {
			return refused(model.UnknownTopicID)
		}
		return describeTopic(image, image.Topics[name], alive)
	}
	if t.Topic == nil {
		return refused(model.InvalidRequest)
	}
	topic := image.Topics[*t.Topic]
	if topic == nil {
		return refused(model.UnknownTopicOrPartition)
	}
	return describeTopic(image, topic, alive)
}

func describeTopic(image *controller.Image, topic *controller.Topic, alive []endpoint) kmsg.MetadataResponseTopic {
	t := kmsg.NewMetadataResponseTopic()
	t.Topic, t.TopicID = &topic.Name, topic.ID
	t.Partitions = make([]kmsg.MetadataResponseTopicPartition, 0, len(topic.Partitions))
	for number, partition := range topic.Partitions {
		p := kmsg.NewMetadataResponseTopicPartition()
		p.Partition = int32(number)
		p.Leader = int32(partition.Leader)
		p.LeaderEpoch = int32(partition.LeaderEpoch)
		p.Replicas = int32s(partition.Replicas)
		p.ISR = int32s(partition.ISR)
		for _, replica := range partition.Replicas {
			if !isAlive(image, replica) {
				p.OfflineReplicas = append(p.OfflineReplicas, int32(replica))
			}
		}
		// A leader without an address on the client's listener is as good as
		// none to that client.
		if !slices.ContainsFunc(alive, func(e endpoint) bool { return e.broker.ID == partition.Leader }) {
			p.Leader, p.ErrorCode = int32(model.NoNode), int16(model.LeaderNotAvailable)
		}
		t.Partitions = append(t.Partitions, p)
	}
	return t
}
