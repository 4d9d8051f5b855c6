package wire

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// AlterPartitionReassignments (kmsg names it AlterPartitionAssignments):
// version 0. For the controller only.
//
// The order of a partition's replicas may be changed, which moves its preferred
// leader; moving a partition to other brokers is not supported and refused. So
// there is never a reassignment to cancel: null replicas, the wish to cancel
// one, are NO_REASSIGNMENT_IN_PROGRESS.
var _ = register(Handler{Key: kmsg.AlterPartitionAssignments, Min: 0, Max: 0, Serve: alterPartitionReassignments})

func alterPartitionReassignments(n Node, call *Call) {
	req := call.Request.(*kmsg.AlterPartitionAssignmentsRequest)
	resp := responseTo[*kmsg.AlterPartitionAssignmentsResponse](call)
	var elsewhere controller.Result
	if !isController(n) {
		elsewhere = refuseElsewhere(n)
	}
	resp.ErrorCode, resp.ErrorMessage = int16(elsewhere.Code), text(elsewhere.Message)

	var all gather
	resp.Topics = make([]kmsg.AlterPartitionAssignmentsResponseTopic, len(req.Topics))
	for i, topic := range req.Topics {
		t := &resp.Topics[i]
		t.Default()
		t.Topic = topic.Topic
		t.Partitions = make([]kmsg.AlterPartitionAssignmentsResponseTopicPartition, len(topic.Partitions))
		for j, partition := range topic.Partitions {
			slot := &t.Partitions[j]
			slot.Default()
			slot.Partition = partition.Partition
			settle := func(result controller.Result) {
				slot.ErrorCode, slot.ErrorMessage = int16(result.Code), text(result.Message)
			}
			if elsewhere.Code != model.None {
				settle(elsewhere)
				continue
			}
			tp := model.TopicPartition{Topic: topic.Topic, Partition: partition.Partition}
			if refused := refuseReassignment(n.Image(), tp, partition.Replicas); refused.Code != model.None {
				settle(refused)
				continue
			}
			all.add(controller.Command{ReorderReplicas: &controller.ReorderReplicas{
				Topic: tp.Topic, Partition: tp.Partition, Replicas: nodeIDs(partition.Replicas),
			}}, settle)
		}
	}
	all.propose(n, func() { n.Reply(call, resp) })
}

// refuseReassignment judges everything but a new order of the same replicas.
func refuseReassignment(image *controller.Image, tp model.TopicPartition, replicas []int32) controller.Result {
	_, partition := image.Lookup(tp)
	if partition == nil {
		return refuse(model.UnknownTopicOrPartition, "This server does not host this topic-partition.")
	}
	if replicas == nil {
		return refuse(model.NoReassignmentInProgress, "No partition reassignment is in progress for %s.", tp)
	}
	have, want := slices.Sorted(slices.Values(int32s(partition.Replicas))), slices.Sorted(slices.Values(replicas))
	if !slices.Equal(have, want) {
		return refuse(model.InvalidReplicaAssignment,
			"replicas %v of %s: only a new order of its replicas %v is supported, not other brokers", replicas, tp, have)
	}
	return controller.Result{}
}
