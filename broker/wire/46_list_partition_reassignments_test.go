package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

func TestListPartitionReassignmentsIsEmpty(t *testing.T) {
	n := newNode(t)
	n.topic(t, "logs", []model.NodeID{1, 2, 3})
	reassign(t, n, "logs", 0, []int32{3, 1, 2})
	req := kmsg.NewPtrListPartitionReassignmentsRequest()
	req.Topics = []kmsg.ListPartitionReassignmentsRequestTopic{{Topic: "logs", Partitions: []int32{0}}}
	resp := ask[*kmsg.ListPartitionReassignmentsResponse](t, n, outside, 0, req)
	require.Zero(t, resp.ErrorCode)
	require.Empty(t, resp.Topics)
}
