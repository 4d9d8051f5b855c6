package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// CreateTopics: versions 2-7.
//
//   - v4: -1 asks for the default partition count and replication factor
//     (KIP-464); it is understood in every version here.
//   - v5: flexible, the answer tells partitions, replication factor and
//     configuration (KIP-525); v7: and the topic's id.
//
// For the controller only. A topic that is named twice is refused, as Kafka
// does: it is not clear which of the two is meant.
var _ = register(Handler{Key: kmsg.CreateTopics, Min: 2, Max: 7, Serve: createTopics})

func createTopics(n Node, call *Call) {
	req := call.Request.(*kmsg.CreateTopicsRequest)
	resp := responseTo[*kmsg.CreateTopicsResponse](call)

	times := map[string]int{}
	for _, topic := range req.Topics {
		if times[topic.Topic]++; times[topic.Topic] == 1 {
			t := kmsg.NewCreateTopicsResponseTopic()
			t.Topic = topic.Topic
			resp.Topics = append(resp.Topics, t)
		}
	}
	slots := map[string]*kmsg.CreateTopicsResponseTopic{}
	for i := range resp.Topics {
		slots[resp.Topics[i].Topic] = &resp.Topics[i]
	}

	var all gather
	for _, topic := range req.Topics {
		slot := slots[topic.Topic]
		settle := func(result controller.Result) { settleCreatedTopic(n, slot, result, req.ValidateOnly) }
		if !isController(n) {
			settle(refuseElsewhere(n))
			continue
		}
		if times[topic.Topic] > 1 {
			settle(refuse(model.InvalidRequest, "Duplicate topic name."))
			continue
		}
		command, refused := createTopicCommand(n, topic)
		if refused.Code != model.None {
			settle(refused)
			continue
		}
		command.ValidateOnly = req.ValidateOnly
		all.add(controller.Command{CreateTopic: command}, settle)
	}
	all.propose(n, func() { n.Reply(call, resp) })
}

// createTopicCommand resolves defaults; what it cannot know, such as whether a
// replica exists, the controller judges.
func createTopicCommand(n Node, topic kmsg.CreateTopicsRequestTopic) (*controller.CreateTopic, controller.Result) {
	command := &controller.CreateTopic{
		Name:              topic.Topic,
		ID:                n.NewTopicID(),
		Partitions:        topic.NumPartitions,
		ReplicationFactor: topic.ReplicationFactor,
		Config:            map[string]string{},
	}
	for _, property := range topic.Configs {
		if property.Value == nil {
			return command, refuse(model.InvalidConfig, "Null value not supported for topic configs: %s", property.Name)
		}
		command.Config[property.Name] = *property.Value
	}
	if len(topic.ReplicaAssignment) > 0 {
		return command, assignByHand(command, topic)
	}
	if command.Partitions == -1 {
		command.Partitions = n.DefaultPartitions()
	}
	if command.ReplicationFactor == -1 {
		command.ReplicationFactor = n.DefaultReplicationFactor()
	}
	return command, controller.Result{}
}

// assignByHand takes the replicas of every partition from the request, which
// may list the partitions in any order.
func assignByHand(command *controller.CreateTopic, topic kmsg.CreateTopicsRequestTopic) controller.Result {
	if topic.NumPartitions != -1 {
		return refuse(model.InvalidRequest,
			"A manual partition assignment was specified, but numPartitions was not set to -1.")
	}
	if topic.ReplicationFactor != -1 {
		return refuse(model.InvalidRequest,
			"A manual partition assignment was specified, but replication factor was not set to -1.")
	}
	command.Replicas = make([][]model.NodeID, len(topic.ReplicaAssignment))
	for _, assignment := range topic.ReplicaAssignment {
		p := assignment.Partition
		if p < 0 || int(p) >= len(command.Replicas) {
			return refuse(model.InvalidReplicaAssignment, "partitions should be a consecutive 0-based integer sequence")
		}
		if command.Replicas[p] != nil {
			return refuse(model.InvalidReplicaAssignment, "Found multiple manual partition assignments for partition %d", p)
		}
		command.Replicas[p] = nodeIDs(assignment.Replicas)
	}
	command.Partitions = int32(len(command.Replicas))
	command.ReplicationFactor = int16(len(command.Replicas[0]))
	return controller.Result{}
}

func settleCreatedTopic(n Node, slot *kmsg.CreateTopicsResponseTopic, result controller.Result, dryRun bool) {
	slot.ErrorCode, slot.ErrorMessage = int16(result.Code), text(result.Message)
	if result.Code != model.None || result.Topic == nil {
		return
	}
	topic := result.Topic
	if !dryRun {
		slot.TopicID = topic.ID
	}
	slot.NumPartitions = int32(len(topic.Partitions))
	slot.ReplicationFactor = int16(len(topic.Partitions[0].Replicas))
	for _, entry := range topicEntries(n, topic) {
		c := kmsg.NewCreateTopicsResponseTopicConfig()
		c.Name, c.Value, c.Source = entry.name, entry.value(), int8(entry.source())
		slot.Configs = append(slot.Configs, c)
	}
}
