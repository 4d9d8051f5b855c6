package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

func newTopic(name string, partitions int32, factor int16) kmsg.CreateTopicsRequestTopic {
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = name, partitions, factor
	return t
}

// assigned is a topic with replicas by hand: partition number and replicas.
func assigned(name string, partitions ...kmsg.CreateTopicsRequestTopicReplicaAssignment) kmsg.CreateTopicsRequestTopic {
	t := newTopic(name, -1, -1)
	t.ReplicaAssignment = partitions
	return t
}

func on(partition int32, replicas ...int32) kmsg.CreateTopicsRequestTopicReplicaAssignment {
	return kmsg.CreateTopicsRequestTopicReplicaAssignment{Partition: partition, Replicas: replicas}
}

func configured(t kmsg.CreateTopicsRequestTopic, name string, value *string) kmsg.CreateTopicsRequestTopic {
	t.Configs = append(t.Configs, kmsg.CreateTopicsRequestTopicConfig{Name: name, Value: value})
	return t
}

func askCreate(t *testing.T, n *fakeNode, version int16, topics ...kmsg.CreateTopicsRequestTopic) *kmsg.CreateTopicsResponse {
	t.Helper()
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics = topics
	return ask[*kmsg.CreateTopicsResponse](t, n, outside, version, req)
}

func TestCreateTopics(t *testing.T) {
	for _, tc := range []struct {
		name       string
		topic      kmsg.CreateTopicsRequestTopic
		partitions int
		replicas   int
	}{
		{"as asked for", newTopic("logs", 3, 3), 3, 3},
		{"by the defaults", newTopic("logs", -1, -1), 4, 2},
		{"default partitions only", newTopic("logs", -1, 1), 4, 1},
		{"by hand, in any order", assigned("logs", on(1, 3, 1), on(0, 2, 3)), 2, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			resp := askCreate(t, n, 7, tc.topic)
			require.Len(t, resp.Topics, 1)
			created := resp.Topics[0]
			require.Zero(t, created.ErrorCode, message(created.ErrorMessage))
			require.Nil(t, created.ErrorMessage)
			require.EqualValues(t, tc.partitions, created.NumPartitions)
			require.EqualValues(t, tc.replicas, created.ReplicationFactor)

			topic := n.image.Topics["logs"]
			require.EqualValues(t, topic.ID, created.TopicID)
			require.Len(t, topic.Partitions, tc.partitions)
			require.Len(t, topic.Partitions[0].Replicas, tc.replicas)
		})
	}
}

func TestCreateTopicsByHandKeepsTheAssignment(t *testing.T) {
	n := newNode(t)
	askCreate(t, n, 7, assigned("logs", on(1, 3, 1), on(0, 2, 3)))
	partitions := n.image.Topics["logs"].Partitions
	require.Equal(t, []model.NodeID{2, 3}, partitions[0].Replicas)
	require.Equal(t, []model.NodeID{3, 1}, partitions[1].Replicas)
}

func TestCreateTopicsTellsTheConfiguration(t *testing.T) {
	n := newNode(t)
	n.defaults["segment.bytes"] = "65536"
	resp := askCreate(t, n, 5, configured(newTopic("logs", 1, 3), "min.insync.replicas", ptr("2")))
	require.Zero(t, resp.Topics[0].ErrorCode, message(resp.Topics[0].ErrorMessage))
	require.Equal(t, map[string]string{"min.insync.replicas": "2"}, n.image.Topics["logs"].Config)

	got := map[string]kmsg.CreateTopicsResponseTopicConfig{}
	for _, c := range resp.Topics[0].Configs {
		got[c.Name] = c
	}
	require.Len(t, got, len(controller.Properties()))
	require.Equal(t, "2", *got["min.insync.replicas"].Value)
	require.EqualValues(t, kmsg.ConfigSourceDynamicTopicConfig, got["min.insync.replicas"].Source)
	require.Equal(t, "65536", *got["segment.bytes"].Value)
	require.EqualValues(t, kmsg.ConfigSourceStaticBrokerConfig, got["segment.bytes"].Source)
	require.EqualValues(t, kmsg.ConfigSourceDefaultConfig, got["retention.ms"].Source)
}

func TestCreateTopicsRefusals(t *testing.T) {
	for _, tc := range []struct {
		name  string
		topic kmsg.CreateTopicsRequestTopic
		code  model.ErrorCode
		says  string
	}{
		{"no partitions", newTopic("bad", 0, 1), model.InvalidPartitions, "non-positive"},
		{"no replicas", newTopic("bad", 1, 0), model.InvalidReplicationFactor, "larger than 0"},
		{"more replicas than brokers", newTopic("bad", 1, 4), model.InvalidReplicationFactor, "3 broker(s)"},
		{"an illegal name", newTopic("so bad", 1, 1), model.InvalidTopicException, "so bad"},
		{"an existing name", newTopic("taken", 1, 1), model.TopicAlreadyExists, "taken"},
		{"an unknown property", configured(newTopic("bad", 1, 1), "retention.hours", ptr("1")), model.InvalidConfig, "retention.hours"},
		{"a malformed value", configured(newTopic("bad", 1, 1), "retention.ms", ptr("soon")), model.InvalidConfig, "soon"},
		{"a null value", configured(newTopic("bad", 1, 1), "retention.ms", nil), model.InvalidConfig, "retention.ms"},
		{"a gap in the assignment", assigned("bad", on(0, 1), on(2, 1)), model.InvalidReplicaAssignment, "consecutive"},
		{"a partition below 0", assigned("bad", on(-1, 1)), model.InvalidReplicaAssignment, "consecutive"},
		{"a partition assigned twice", assigned("bad", on(0, 1), on(0, 2)), model.InvalidReplicaAssignment, "partition 0"},
		{"a replica that is no broker", assigned("bad", on(0, 9)), model.InvalidReplicaAssignment, "9"},
		{"an assignment and a partition count", func() kmsg.CreateTopicsRequestTopic {
			topic := assigned("bad", on(0, 1))
			topic.NumPartitions = 1
			return topic
		}(), model.InvalidRequest, "numPartitions"},
		{"an assignment and a replication factor", func() kmsg.CreateTopicsRequestTopic {
			topic := assigned("bad", on(0, 1))
			topic.ReplicationFactor = 1
			return topic
		}(), model.InvalidRequest, "replication factor"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			n.topic(t, "taken", []model.NodeID{1})
			resp := askCreate(t, n, 7, tc.topic, newTopic("good", 1, 1))
			require.Len(t, resp.Topics, 2)
			require.EqualValues(t, tc.code, resp.Topics[0].ErrorCode, message(resp.Topics[0].ErrorMessage))
			require.Contains(t, message(resp.Topics[0].ErrorMessage), tc.says)
			require.EqualValues(t, -1, resp.Topics[0].NumPartitions)
			require.Zero(t, resp.Topics[1].ErrorCode, "the other topic is created all the same")
			require.Len(t, n.image.Topics, 2)
		})
	}
}

func TestCreateTopicsRefusesADuplicate(t *testing.T) {
	n := newNode(t)
	resp := askCreate(t, n, 7, newTopic("twice", 1, 1), newTopic("once", 1, 1), newTopic("twice", 2, 1))
	require.Len(t, resp.Topics, 2)
	require.Equal(t, "twice", resp.Topics[0].Topic)
	require.EqualValues(t, model.InvalidRequest, resp.Topics[0].ErrorCode)
	require.Zero(t, resp.Topics[1].ErrorCode)
	require.Equal(t, []string{"once"}, n.image.TopicList())
}

func TestCreateTopicsDryRun(t *testing.T) {
	n := newNode(t)
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics = []kmsg.CreateTopicsRequestTopic{newTopic("logs", 2, 3), newTopic("bad", 0, 1)}
	req.ValidateOnly = true
	resp := ask[*kmsg.CreateTopicsResponse](t, n, outside, 7, req)
	require.Zero(t, resp.Topics[0].ErrorCode, message(resp.Topics[0].ErrorMessage))
	require.EqualValues(t, 2, resp.Topics[0].NumPartitions)
	require.Zero(t, resp.Topics[0].TopicID, "a topic that does not exist has no id")
	require.NotEmpty(t, resp.Topics[0].Configs)
	require.EqualValues(t, model.InvalidPartitions, resp.Topics[1].ErrorCode)
	require.Empty(t, n.image.Topics)
}

func TestCreateTopicsElsewhere(t *testing.T) {
	n := newNode(t)
	n.active = 3
	resp := askCreate(t, n, 7, newTopic("logs", 1, 1))
	require.EqualValues(t, model.NotController, resp.Topics[0].ErrorCode)
	require.Contains(t, message(resp.Topics[0].ErrorMessage), "node 3")
	require.Empty(t, n.image.Topics)
}

func TestCreateTopicsWaitsForAll(t *testing.T) {
	n := newNode(t)
	n.holding = true
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics = []kmsg.CreateTopicsRequestTopic{newTopic("a", 1, 1), newTopic("b", 1, 1)}
	call := serve(t, n, outside, 7, req)
	require.Empty(t, n.replies[call])
	n.release()
	resp := answerTo[*kmsg.CreateTopicsResponse](t, n, call)
	require.Equal(t, "a", resp.Topics[0].Topic)
	require.Equal(t, []string{"a", "b"}, n.image.TopicList())
}
