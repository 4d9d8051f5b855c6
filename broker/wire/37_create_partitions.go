package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// CreatePartitions: versions 0-3 (v2: flexible; v3: quota errors, which this
// broker never gives). For the controller only. A null assignment leaves the
// placement of the new partitions to the controller.
var _ = register(Handler{Key: kmsg.CreatePartitions, Min: 0, Max: 3, Serve: createPartitions})

func createPartitions(n Node, call *Call) {
	req := call.Request.(*kmsg.CreatePartitionsRequest)
	resp := responseTo[*kmsg.CreatePartitionsResponse](call)

	times := map[string]int{}
	for _, topic := range req.Topics {
		times[topic.Topic]++
	}
	var all gather
	resp.Topics = make([]kmsg.CreatePartitionsResponseTopic, len(req.Topics))
	for i, topic := range req.Topics {
		slot := &resp.Topics[i]
		slot.Default()
		slot.Topic = topic.Topic
		settle := func(result controller.Result) {
			slot.ErrorCode, slot.ErrorMessage = int16(result.Code), text(result.Message)
		}
		switch {
		case !isController(n):
			settle(refuseElsewhere(n))
		case times[topic.Topic] > 1:
			settle(refuse(model.InvalidRequest, "Duplicate topic name."))
		default:
			all.add(controller.Command{CreatePartitions: &controller.CreatePartitions{
				Topic:        topic.Topic,
				Total:        topic.Count,
				Replicas:     assignedReplicas(topic.Assignment),
				ValidateOnly: req.ValidateOnly,
			}}, settle)
		}
	}
	all.propose(n, func() { n.Reply(call, resp) })
}

func assignedReplicas(assignment []kmsg.CreatePartitionsRequestTopicAssignment) [][]model.NodeID {
	var replicas [][]model.NodeID
	for _, partition := range assignment {
		replicas = append(replicas, nodeIDs(partition.Replicas))
	}
	return replicas
}
