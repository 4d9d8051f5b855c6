package client

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/harness/timeline"
)

// electing answers for a cluster whose partition log-0 is led by node 1, and
// notes what it is asked to change.
type electing struct {
	asked  []string
	refuse int16 // the code of an answer to an election
}

func (e *electing) Request(_ context.Context, req kmsg.Request) (kmsg.Response, error) {
	switch req := req.(type) {
	case *kmsg.MetadataRequest:
		p := kmsg.NewMetadataResponseTopicPartition()
		p.Leader, p.LeaderEpoch, p.Replicas, p.ISR = 1, 4, []int32{1, 2, 3}, []int32{1, 2, 3}
		topic := kmsg.NewMetadataResponseTopic()
		topic.Partitions = append(topic.Partitions, p)
		resp := kmsg.NewPtrMetadataResponse()
		resp.Topics = append(resp.Topics, topic)
		return resp, nil
	case *kmsg.AlterPartitionAssignmentsRequest:
		part := req.Topics[0].Partitions[0]
		e.asked = append(e.asked, fmt.Sprintf("reorder %s-%d %v", req.Topics[0].Topic, part.Partition, part.Replicas))
		return kmsg.NewPtrAlterPartitionAssignmentsResponse(), nil
	case *kmsg.ElectLeadersRequest:
		e.asked = append(e.asked, fmt.Sprintf("elect %s-%v as %d", req.Topics[0].Topic, req.Topics[0].Partitions, req.ElectionType))
		p := kmsg.NewElectLeadersResponseTopicPartition()
		p.ErrorCode = e.refuse
		topic := kmsg.NewElectLeadersResponseTopic()
		topic.Partitions = append(topic.Partitions, p)
		resp := kmsg.NewPtrElectLeadersResponse()
		resp.Topics = append(resp.Topics, topic)
		return resp, nil
	}
	return nil, fmt.Errorf("not asked for in this test: %T", req)
}

func TestAViewAsksOnceForAnotherLeader(t *testing.T) {
	cluster := &electing{}
	view := View{Topic: "log", Admin: AdminOver(Reach{
		Any: cluster, Brokers: []kmsg.Requestor{cluster}, Time: timeline.Live, Close: func() {},
	})}
	require.NoError(t, view.Lead(t.Context(), 3))
	// Node 1 leads still, and that is not waited for.
	require.Equal(t, []string{"reorder log-0 [3 1 2]", "elect log-[0] as 0"}, cluster.asked)

	cluster.refuse = kerr.EligibleLeadersNotAvailable.Code
	err := view.Lead(t.Context(), 2)
	require.ErrorIs(t, err, kerr.EligibleLeadersNotAvailable)
	require.ErrorContains(t, err, "client: make node 2 lead log-0: elect: ")

	cluster.refuse = kerr.ElectionNotNeeded.Code
	require.NoError(t, view.Lead(t.Context(), 1), "it leads")

	err = view.Lead(t.Context(), 5)
	require.EqualError(t, err, "client: make node 5 lead log-0: reorder replicas: node 5 is no replica of log-0: its replicas are [1 2 3]")
}
