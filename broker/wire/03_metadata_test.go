package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

func askMetadata(t *testing.T, n *fakeNode, listener string, version int16, topics ...kmsg.MetadataRequestTopic) *kmsg.MetadataResponse {
	t.Helper()
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = topics
	return ask[*kmsg.MetadataResponse](t, n, listener, version, req)
}

func byName(name string) kmsg.MetadataRequestTopic { return kmsg.MetadataRequestTopic{Topic: &name} }

func byID(id model.TopicID) kmsg.MetadataRequestTopic { return kmsg.MetadataRequestTopic{TopicID: id} }

func topicNames(resp *kmsg.MetadataResponse) []string {
	var names []string
	for _, topic := range resp.Topics {
		names = append(names, message(topic.Topic))
	}
	return names
}

func TestMetadataDescribesTheCluster(t *testing.T) {
	n := newNode(t)
	resp := askMetadata(t, n, outside, 12)
	require.Equal(t, "test-cluster", *resp.ClusterID)
	require.EqualValues(t, 1, resp.ControllerID)
	require.Len(t, resp.Brokers, 3)
	require.EqualValues(t, 2, resp.Brokers[1].NodeID)
	require.Equal(t, "localhost", resp.Brokers[1].Host)
	require.EqualValues(t, 9002, resp.Brokers[1].Port)
	require.Equal(t, "rack-b", *resp.Brokers[1].Rack)
	require.Nil(t, resp.Brokers[0].Rack)
}

func TestMetadataGivesAddressesOfTheListenerAskedOn(t *testing.T) {
	resp := askMetadata(t, newNode(t), inside, 12)
	require.Equal(t, "broker", resp.Brokers[0].Host)
	require.EqualValues(t, 1001, resp.Brokers[0].Port)
}

func TestMetadataHidesFencedBrokers(t *testing.T) {
	n := newNode(t)
	n.topic(t, "logs", []model.NodeID{1, 2, 3})
	n.change(t, 1, controller.Fence)

	resp := askMetadata(t, n, outside, 12)
	require.Len(t, resp.Brokers, 2)
	require.EqualValues(t, 2, resp.Brokers[0].NodeID)
	require.EqualValues(t, -1, resp.ControllerID, "a fenced controller has no address to go to")

	p := resp.Topics[0].Partitions[0]
	require.Equal(t, []int32{1, 2, 3}, p.Replicas)
	require.Equal(t, []int32{2, 3}, p.ISR)
	require.Equal(t, []int32{1}, p.OfflineReplicas)
	require.EqualValues(t, 2, p.Leader)
	require.EqualValues(t, 1, p.LeaderEpoch)
	require.Zero(t, p.ErrorCode)
}

func TestMetadataWithoutControllerOrLeader(t *testing.T) {
	n := newNode(t)
	n.topic(t, "logs", []model.NodeID{2})
	n.change(t, 2, controller.Fence)
	n.active = model.NoNode

	resp := askMetadata(t, n, outside, 12)
	require.EqualValues(t, -1, resp.ControllerID)
	p := resp.Topics[0].Partitions[0]
	require.EqualValues(t, model.LeaderNotAvailable, p.ErrorCode)
	require.EqualValues(t, -1, p.Leader)
	require.EqualValues(t, 1, p.LeaderEpoch)
	require.Equal(t, []int32{2}, p.ISR, "the last ISR member stays")
}

func TestMetadataLeaderOutOfReach(t *testing.T) {
	n := newNode(t)
	n.topic(t, "logs", []model.NodeID{2})
	n.image.Brokers[2].Listeners = n.image.Brokers[2].Listeners[:1]

	require.EqualValues(t, model.LeaderNotAvailable, askMetadata(t, n, outside, 12).Topics[0].Partitions[0].ErrorCode)
	require.Zero(t, askMetadata(t, n, inside, 12).Topics[0].Partitions[0].ErrorCode)
}

func TestMetadataWhichTopics(t *testing.T) {
	for _, tc := range []struct {
		name    string
		version int16
		asked   []kmsg.MetadataRequestTopic
		want    []string
	}{
		{"a null list is all, sorted", 1, nil, []string{"alpha", "beta"}},
		{"an empty list is none", 1, []kmsg.MetadataRequestTopic{}, nil},
		{"an empty list was all in v0", 0, []kmsg.MetadataRequestTopic{}, []string{"alpha", "beta"}},
		{"a list keeps its order", 12, []kmsg.MetadataRequestTopic{byName("beta"), byName("alpha")}, []string{"beta", "alpha"}},
		{"a topic named twice is answered once", 12, []kmsg.MetadataRequestTopic{byName("beta"), byName("beta")}, []string{"beta"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			n.topic(t, "beta", []model.NodeID{1})
			n.topic(t, "alpha", []model.NodeID{1})
			require.Equal(t, tc.want, topicNames(askMetadata(t, n, outside, tc.version, tc.asked...)))
		})
	}
}

func TestMetadataByTopic(t *testing.T) {
	known := model.TopicID{15: 1}
	for _, tc := range []struct {
		name    string
		version int16
		asked   kmsg.MetadataRequestTopic
		code    model.ErrorCode
	}{
		{"known name", 12, byName("logs"), model.None},
		{"unknown name", 12, byName("other"), model.UnknownTopicOrPartition},
		{"known id", 12, byID(known), model.None},
		{"unknown id", 12, byID(model.TopicID{9}), model.UnknownTopicID},
		{"an id before v12", 11, byID(known), model.InvalidRequest},
		{"neither name nor id", 12, kmsg.MetadataRequestTopic{}, model.InvalidRequest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			require.Equal(t, known, n.topic(t, "logs", []model.NodeID{1}).ID)
			resp := askMetadata(t, n, outside, tc.version, tc.asked)
			require.Len(t, resp.Topics, 1)
			require.EqualValues(t, tc.code, resp.Topics[0].ErrorCode)
			if tc.code == model.None {
				require.Equal(t, "logs", *resp.Topics[0].Topic)
				require.EqualValues(t, known, resp.Topics[0].TopicID)
				require.Len(t, resp.Topics[0].Partitions, 1)
			}
		})
	}
}

func TestMetadataNeverCreatesTopics(t *testing.T) {
	n := newNode(t)
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{byName("wanted")}
	req.AllowAutoTopicCreation = true
	resp := ask[*kmsg.MetadataResponse](t, n, outside, 4, req)
	require.EqualValues(t, model.UnknownTopicOrPartition, resp.Topics[0].ErrorCode)
	require.Empty(t, n.image.Topics)
}
