package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

func TestDeleteTopicsByNames(t *testing.T) {
	n := newNode(t)
	n.topic(t, "old", []model.NodeID{1})
	n.topic(t, "kept", []model.NodeID{1})
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TopicNames = []string{"old", "unknown"}
	resp := ask[*kmsg.DeleteTopicsResponse](t, n, outside, 5, req)
	require.Len(t, resp.Topics, 2)
	require.Equal(t, "old", *resp.Topics[0].Topic)
	require.Zero(t, resp.Topics[0].ErrorCode)
	require.EqualValues(t, model.UnknownTopicOrPartition, resp.Topics[1].ErrorCode)
	require.NotEmpty(t, message(resp.Topics[1].ErrorMessage))
	require.Equal(t, []string{"kept"}, n.image.TopicList())
}

func TestDeleteTopicsByNameOrID(t *testing.T) {
	known := model.TopicID{15: 1}
	for _, tc := range []struct {
		name    string
		asked   kmsg.DeleteTopicsRequestTopic
		code    model.ErrorCode
		deleted bool
	}{
		{"name", kmsg.DeleteTopicsRequestTopic{Topic: ptr("logs")}, model.None, true},
		{"id", kmsg.DeleteTopicsRequestTopic{TopicID: known}, model.None, true},
		{"unknown name", kmsg.DeleteTopicsRequestTopic{Topic: ptr("other")}, model.UnknownTopicOrPartition, false},
		{"unknown id", kmsg.DeleteTopicsRequestTopic{TopicID: model.TopicID{9}}, model.UnknownTopicID, false},
		{"name and id", kmsg.DeleteTopicsRequestTopic{Topic: ptr("logs"), TopicID: known}, model.InvalidRequest, false},
		{"neither", kmsg.DeleteTopicsRequestTopic{}, model.InvalidRequest, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			require.Equal(t, known, n.topic(t, "logs", []model.NodeID{1}).ID)
			req := kmsg.NewPtrDeleteTopicsRequest()
			req.Topics = []kmsg.DeleteTopicsRequestTopic{tc.asked}
			resp := ask[*kmsg.DeleteTopicsResponse](t, n, outside, 6, req)
			require.Len(t, resp.Topics, 1)
			require.EqualValues(t, tc.code, resp.Topics[0].ErrorCode)
			require.Equal(t, tc.deleted, n.image.Topics["logs"] == nil)
			if tc.deleted {
				require.Equal(t, "logs", *resp.Topics[0].Topic)
				require.EqualValues(t, known, resp.Topics[0].TopicID)
			}
		})
	}
}

// A broker that lags behind must not claim that a topic is unknown.
func TestDeleteTopicsElsewhere(t *testing.T) {
	n := newNode(t)
	n.active = model.NoNode
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.Topics = []kmsg.DeleteTopicsRequestTopic{{TopicID: model.TopicID{9}}}
	resp := ask[*kmsg.DeleteTopicsResponse](t, n, outside, 6, req)
	require.EqualValues(t, model.NotController, resp.Topics[0].ErrorCode)
	require.Contains(t, message(resp.Topics[0].ErrorMessage), "No controller")
}
