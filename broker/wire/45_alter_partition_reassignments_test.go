package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

func reassign(t *testing.T, n *fakeNode, topic string, partition int32, replicas []int32) *kmsg.AlterPartitionAssignmentsResponse {
	t.Helper()
	req := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	req.Topics = []kmsg.AlterPartitionAssignmentsRequestTopic{{
		Topic:      topic,
		Partitions: []kmsg.AlterPartitionAssignmentsRequestTopicPartition{{Partition: partition, Replicas: replicas}},
	}}
	return ask[*kmsg.AlterPartitionAssignmentsResponse](t, n, outside, 0, req)
}

func TestAlterPartitionReassignments(t *testing.T) {
	for _, tc := range []struct {
		name      string
		topic     string
		partition int32
		replicas  []int32
		code      model.ErrorCode
		says      string
		want      []model.NodeID
	}{
		{"a new order", "logs", 0, []int32{3, 1, 2}, model.None, "", []model.NodeID{3, 1, 2}},
		{"the order it has", "logs", 0, []int32{1, 2, 3}, model.None, "", []model.NodeID{1, 2, 3}},
		{"fewer replicas", "logs", 0, []int32{1, 2}, model.InvalidReplicaAssignment, "only a new order", []model.NodeID{1, 2, 3}},
		{"other replicas", "logs", 0, []int32{1, 2, 4}, model.InvalidReplicaAssignment, "[1 2 4]", []model.NodeID{1, 2, 3}},
		{"a replica twice", "logs", 0, []int32{1, 2, 2}, model.InvalidReplicaAssignment, "only a new order", []model.NodeID{1, 2, 3}},
		{"no replicas", "logs", 0, []int32{}, model.InvalidReplicaAssignment, "only a new order", []model.NodeID{1, 2, 3}},
		{"a cancellation", "logs", 0, nil, model.NoReassignmentInProgress, "logs-0", []model.NodeID{1, 2, 3}},
		{"an unknown partition", "logs", 1, []int32{1}, model.UnknownTopicOrPartition, "", []model.NodeID{1, 2, 3}},
		{"an unknown topic", "other", 0, nil, model.UnknownTopicOrPartition, "", []model.NodeID{1, 2, 3}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			n.topic(t, "logs", []model.NodeID{1, 2, 3})
			resp := reassign(t, n, tc.topic, tc.partition, tc.replicas)
			require.Zero(t, resp.ErrorCode)
			require.Equal(t, tc.topic, resp.Topics[0].Topic)
			result := resp.Topics[0].Partitions[0]
			require.EqualValues(t, tc.code, result.ErrorCode)
			require.Contains(t, message(result.ErrorMessage), tc.says)
			p := n.image.Topics["logs"].Partitions[0]
			require.Equal(t, tc.want, p.Replicas)
			require.Equal(t, model.NodeID(1), p.Leader, "a new order moves no leader by itself")
		})
	}
}

func TestAlterPartitionReassignmentsElsewhere(t *testing.T) {
	n := newNode(t)
	n.topic(t, "logs", []model.NodeID{1, 2, 3})
	n.active = 2
	resp := reassign(t, n, "logs", 0, []int32{3, 1, 2})
	require.EqualValues(t, model.NotController, resp.ErrorCode)
	require.EqualValues(t, model.NotController, resp.Topics[0].Partitions[0].ErrorCode)
	require.Contains(t, message(resp.ErrorMessage), "node 2")
}
