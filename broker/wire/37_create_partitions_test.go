package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// grow asks for a topic to have count partitions, the new ones with the given
// replicas.
func grow(topic string, count int32, assignment ...[]int32) kmsg.CreatePartitionsRequestTopic {
	t := kmsg.NewCreatePartitionsRequestTopic()
	t.Topic, t.Count = topic, count
	for _, replicas := range assignment {
		t.Assignment = append(t.Assignment, kmsg.CreatePartitionsRequestTopicAssignment{Replicas: replicas})
	}
	return t
}

func TestCreatePartitions(t *testing.T) {
	for _, tc := range []struct {
		name  string
		asked []kmsg.CreatePartitionsRequestTopic
		code  model.ErrorCode
		total int
	}{
		{"placed by the controller", []kmsg.CreatePartitionsRequestTopic{grow("logs", 3)}, model.None, 3},
		{"placed by hand", []kmsg.CreatePartitionsRequestTopic{grow("logs", 2, []int32{3, 2})}, model.None, 2},
		{"fewer than there are", []kmsg.CreatePartitionsRequestTopic{grow("logs", 0)}, model.InvalidPartitions, 1},
		{"as many as there are", []kmsg.CreatePartitionsRequestTopic{grow("logs", 1)}, model.InvalidPartitions, 1},
		{"not enough assignments", []kmsg.CreatePartitionsRequestTopic{grow("logs", 3, []int32{3, 2})}, model.InvalidReplicaAssignment, 1},
		{"another replication factor", []kmsg.CreatePartitionsRequestTopic{grow("logs", 2, []int32{3})}, model.InvalidReplicaAssignment, 1},
		{"an unknown topic", []kmsg.CreatePartitionsRequestTopic{grow("other", 3)}, model.UnknownTopicOrPartition, 1},
		{"a topic named twice", []kmsg.CreatePartitionsRequestTopic{grow("logs", 3), grow("logs", 4)}, model.InvalidRequest, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			n.topic(t, "logs", []model.NodeID{1, 2})
			req := kmsg.NewPtrCreatePartitionsRequest()
			req.Topics = tc.asked
			resp := ask[*kmsg.CreatePartitionsResponse](t, n, outside, 3, req)
			require.Len(t, resp.Topics, len(tc.asked))
			for _, topic := range resp.Topics {
				require.EqualValues(t, tc.code, topic.ErrorCode, message(topic.ErrorMessage))
			}
			require.Len(t, n.image.Topics["logs"].Partitions, tc.total)
		})
	}
}

func TestCreatePartitionsByHandKeepsTheAssignment(t *testing.T) {
	n := newNode(t)
	n.topic(t, "logs", []model.NodeID{1, 2})
	req := kmsg.NewPtrCreatePartitionsRequest()
	req.Topics = []kmsg.CreatePartitionsRequestTopic{grow("logs", 2, []int32{3, 2})}
	ask[*kmsg.CreatePartitionsResponse](t, n, outside, 0, req)
	require.Equal(t, []model.NodeID{3, 2}, n.image.Topics["logs"].Partitions[1].Replicas)
}

func TestCreatePartitionsDryRun(t *testing.T) {
	n := newNode(t)
	n.topic(t, "logs", []model.NodeID{1, 2})
	req := kmsg.NewPtrCreatePartitionsRequest()
	req.Topics = []kmsg.CreatePartitionsRequestTopic{grow("logs", 2)}
	req.ValidateOnly = true
	resp := ask[*kmsg.CreatePartitionsResponse](t, n, outside, 3, req)
	require.Zero(t, resp.Topics[0].ErrorCode)
	require.Len(t, n.image.Topics["logs"].Partitions, 1)
}

func TestCreatePartitionsElsewhere(t *testing.T) {
	n := newNode(t)
	n.active = 2
	req := kmsg.NewPtrCreatePartitionsRequest()
	req.Topics = []kmsg.CreatePartitionsRequestTopic{grow("logs", 2)}
	resp := ask[*kmsg.CreatePartitionsResponse](t, n, outside, 3, req)
	require.EqualValues(t, model.NotController, resp.Topics[0].ErrorCode)
}
