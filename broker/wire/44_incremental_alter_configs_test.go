package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

type alteration = kmsg.IncrementalAlterConfigsRequestResourceConfig

func set(name, value string) alteration { return alteration{Name: name, Value: &value} }

func unset(name string) alteration {
	return alteration{Name: name, Op: kmsg.IncrementalAlterConfigOpDelete}
}

func altered(kind kmsg.ConfigResourceType, name string, changes ...alteration) kmsg.IncrementalAlterConfigsRequestResource {
	return kmsg.IncrementalAlterConfigsRequestResource{ResourceType: kind, ResourceName: name, Configs: changes}
}

func alter(t *testing.T, n *fakeNode, dryRun bool, resources ...kmsg.IncrementalAlterConfigsRequestResource) []kmsg.IncrementalAlterConfigsResponseResource {
	t.Helper()
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	req.Resources, req.ValidateOnly = resources, dryRun
	resp := ask[*kmsg.IncrementalAlterConfigsResponse](t, n, outside, 1, req)
	require.Len(t, resp.Resources, len(resources))
	return resp.Resources
}

func TestIncrementalAlterConfigs(t *testing.T) {
	n := newNode(t)
	n.topic(t, "logs", []model.NodeID{1})
	results := alter(t, n, false,
		altered(kmsg.ConfigResourceTypeTopic, "logs", set("retention.ms", "1000"), set("segment.bytes", "4096")),
		altered(kmsg.ConfigResourceTypeBroker, "", set("log.retention.ms", "2000")),
	)
	for _, r := range results {
		require.Zero(t, r.ErrorCode, message(r.ErrorMessage))
	}
	require.Equal(t, kmsg.ConfigResourceTypeBroker, results[1].ResourceType)
	require.Equal(t, map[string]string{"retention.ms": "1000", "segment.bytes": "4096"}, n.image.Topics["logs"].Config)
	require.Equal(t, map[string]string{"log.retention.ms": "2000"}, n.image.ClusterConfig)

	alter(t, n, false,
		altered(kmsg.ConfigResourceTypeTopic, "logs", unset("retention.ms")),
		altered(kmsg.ConfigResourceTypeBroker, "", unset("log.retention.ms")),
	)
	require.Equal(t, map[string]string{"segment.bytes": "4096"}, n.image.Topics["logs"].Config)
	require.Empty(t, n.image.ClusterConfig)
}

func TestIncrementalAlterConfigsRefusals(t *testing.T) {
	const topic, broker = kmsg.ConfigResourceTypeTopic, kmsg.ConfigResourceTypeBroker
	good := set("retention.ms", "1000")
	for _, tc := range []struct {
		name     string
		resource kmsg.IncrementalAlterConfigsRequestResource
		code     model.ErrorCode
		says     string
	}{
		{"an unknown topic", altered(topic, "other", good), model.UnknownTopicOrPartition, "other"},
		{"every topic", altered(topic, "", good), model.InvalidRequest, "Default topic"},
		{"one broker", altered(broker, "1", set("log.retention.ms", "1000")), model.InvalidRequest, `"1"`},
		{"a logger", altered(kmsg.ConfigResourceTypeBrokerLogger, "1"), model.InvalidRequest, "resource type 8"},
		{"an unknown property", altered(topic, "logs", good, set("retention.hours", "1")), model.InvalidConfig, "retention.hours"},
		{"a broker's property", altered(topic, "logs", good, set("log.retention.ms", "1")), model.InvalidConfig, "log.retention.ms"},
		{"a topic's property", altered(broker, "", set("retention.ms", "1")), model.InvalidConfig, "retention.ms"},
		{"a malformed value", altered(topic, "logs", good, set("segment.bytes", "big")), model.InvalidConfig, "big"},
		{"no value", altered(topic, "logs", good, alteration{Name: "segment.bytes"}), model.InvalidRequest, "segment.bytes"},
		{"an unknown property to delete", altered(topic, "logs", good, unset("retention.hours")), model.InvalidConfig, "retention.hours"},
		{"a property twice", altered(topic, "logs", good, good), model.InvalidRequest, "retention.ms"},
		{"an append", altered(topic, "logs", good, alteration{Name: "cleanup.policy",
			Op: kmsg.IncrementalAlterConfigOpAppend, Value: ptr("compact")}), model.InvalidRequest, "APPEND on cleanup.policy"},
		{"a subtraction", altered(topic, "logs", good, alteration{Name: "cleanup.policy",
			Op: kmsg.IncrementalAlterConfigOpSubtract, Value: ptr("delete")}), model.InvalidRequest, "SUBTRACT on cleanup.policy"},
		{"no operation", altered(topic, "logs", good, alteration{Name: "cleanup.policy", Op: 9}), model.InvalidRequest, "operation 9"},
	} {
		for _, dryRun := range []bool{false, true} {
			t.Run(tc.name, func(t *testing.T) {
				n := newNode(t)
				n.topic(t, "logs", []model.NodeID{1})
				r := alter(t, n, dryRun, tc.resource)[0]
				require.EqualValues(t, tc.code, r.ErrorCode, message(r.ErrorMessage))
				require.Contains(t, message(r.ErrorMessage), tc.says)
				require.Empty(t, n.image.Topics["logs"].Config, "a refused resource is unchanged as a whole")
				require.Empty(t, n.image.ClusterConfig)
			})
		}
	}
}

func TestIncrementalAlterConfigsRefusesADuplicate(t *testing.T) {
	n := newNode(t)
	n.topic(t, "logs", []model.NodeID{1})
	resource := altered(kmsg.ConfigResourceTypeTopic, "logs", set("retention.ms", "1000"))
	for _, r := range alter(t, n, false, resource, resource) {
		require.EqualValues(t, model.InvalidRequest, r.ErrorCode)
	}
	require.Empty(t, n.image.Topics["logs"].Config)
}

func TestIncrementalAlterConfigsDryRun(t *testing.T) {
	n := newNode(t)
	n.topic(t, "logs", []model.NodeID{1})
	r := alter(t, n, true, altered(kmsg.ConfigResourceTypeTopic, "logs", set("retention.ms", "1000")))[0]
	require.Zero(t, r.ErrorCode)
	require.Empty(t, n.image.Topics["logs"].Config)
}

func TestIncrementalAlterConfigsElsewhere(t *testing.T) {
	n := newNode(t)
	n.active = 2
	r := alter(t, n, false, altered(kmsg.ConfigResourceTypeTopic, "logs", set("retention.ms", "1000")))[0]
	require.EqualValues(t, model.NotController, r.ErrorCode)
}

// The topic may be deleted, and even be created again, between the check and the
// changes: a change that went through must not hide one that did not.
func TestIncrementalAlterConfigsTellsARefusal(t *testing.T) {
	n := newNode(t)
	topic := n.topic(t, "logs", []model.NodeID{1})
	n.holding = true
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	req.Resources = []kmsg.IncrementalAlterConfigsRequestResource{
		altered(kmsg.ConfigResourceTypeTopic, "logs", set("retention.ms", "1000"), set("segment.bytes", "4096")),
	}
	call := serve(t, n, outside, 1, req)
	require.Len(t, n.held, 2)
	delete(n.image.Topics, "logs")
	n.held[0]()
	n.image.Topics["logs"] = topic
	n.held[1]()
	resp := answerTo[*kmsg.IncrementalAlterConfigsResponse](t, n, call)
	require.EqualValues(t, model.UnknownTopicOrPartition, resp.Resources[0].ErrorCode)
	require.Equal(t, map[string]string{"segment.bytes": "4096"}, n.image.Topics["logs"].Config)
}
