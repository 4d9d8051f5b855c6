package wire

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// configuredNode sets segment.bytes at every level that there is.
func configuredNode(t *testing.T) *fakeNode {
	t.Helper()
	n := newNode(t)
	n.defaults["segment.bytes"] = "65536"
	n.topic(t, "logs", []model.NodeID{1})
	n.must(t, controller.Command{SetConfig: &controller.SetConfig{Name: "log.segment.bytes", Value: ptr("8192")}})
	n.must(t, controller.Command{SetConfig: &controller.SetConfig{Topic: "logs", Name: "segment.bytes", Value: ptr("4096")}})
	return n
}

func describe(t *testing.T, n *fakeNode, kind kmsg.ConfigResourceType, resource string, names ...string) kmsg.DescribeConfigsResponseResource {
	t.Helper()
	req := kmsg.NewPtrDescribeConfigsRequest()
	req.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: kind, ResourceName: resource, ConfigNames: names}}
	req.IncludeSynonyms, req.IncludeDocumentation = true, true
	resp := ask[*kmsg.DescribeConfigsResponse](t, n, outside, 4, req)
	require.Len(t, resp.Resources, 1)
	require.Equal(t, kind, resp.Resources[0].ResourceType)
	require.Equal(t, resource, resp.Resources[0].ResourceName)
	return resp.Resources[0]
}

func configNames(r kmsg.DescribeConfigsResponseResource) []string {
	var names []string
	for _, c := range r.Configs {
		names = append(names, c.Name)
	}
	return names
}

func TestDescribeTopicConfigs(t *testing.T) {
	n := configuredNode(t)
	n.active = 2 // any broker answers
	all := describe(t, n, kmsg.ConfigResourceTypeTopic, "logs")
	require.Zero(t, all.ErrorCode)
	require.Len(t, all.Configs, len(controller.Properties()))
	require.True(t, slices.IsSorted(configNames(all)))

	one := describe(t, n, kmsg.ConfigResourceTypeTopic, "logs", "segment.bytes")
	require.Len(t, one.Configs, 1)
	c := one.Configs[0]
	require.Equal(t, "segment.bytes", c.Name)
	require.Equal(t, "4096", *c.Value)
	require.Equal(t, kmsg.ConfigSourceDynamicTopicConfig, c.Source)
	require.Equal(t, kmsg.ConfigTypeInt, c.ConfigType)
	require.False(t, c.ReadOnly)
	require.NotEmpty(t, message(c.Documentation))

	var synonyms []string
	for _, s := range c.ConfigSynonyms {
		synonyms = append(synonyms, s.Source.String()+" "+s.Name+"="+*s.Value)
	}
	require.Equal(t, []string{
		"DYNAMIC_TOPIC_CONFIG segment.bytes=4096",
		"DYNAMIC_DEFAULT_BROKER_CONFIG log.segment.bytes=8192",
		"STATIC_BROKER_CONFIG log.segment.bytes=65536",
		"DEFAULT_CONFIG log.segment.bytes=1073741824",
	}, synonyms)
}

func TestDescribeConfigsWithoutExtras(t *testing.T) {
	req := kmsg.NewPtrDescribeConfigsRequest()
	req.Resources = []kmsg.DescribeConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "logs"}}
	resp := ask[*kmsg.DescribeConfigsResponse](t, configuredNode(t), outside, 4, req)
	for _, c := range resp.Resources[0].Configs {
		require.Empty(t, c.ConfigSynonyms)
		require.Nil(t, c.Documentation)
	}
}

func TestDescribeBrokerConfigs(t *testing.T) {
	n := configuredNode(t)
	r := describe(t, n, kmsg.ConfigResourceTypeBroker, "1")
	require.Zero(t, r.ErrorCode)
	require.True(t, slices.IsSorted(configNames(r)))

	got := map[string]kmsg.DescribeConfigsResponseResourceConfig{}
	for _, c := range r.Configs {
		got[c.Name] = c
	}
	require.Equal(t, "8192", *got["log.segment.bytes"].Value)
	require.Equal(t, kmsg.ConfigSourceDynamicDefaultBrokerConfig, got["log.segment.bytes"].Source)
	require.False(t, got["log.segment.bytes"].ReadOnly)
	require.Equal(t, "1048588", *got["message.max.bytes"].Value)
	require.Equal(t, kmsg.ConfigSourceDefaultConfig, got["message.max.bytes"].Source)
	for name, value := range map[string]string{"node.id": "1", "num.partitions": "4", "default.replication.factor": "2"} {
		require.Equal(t, value, *got[name].Value)
		require.True(t, got[name].ReadOnly, name)
		require.Equal(t, kmsg.ConfigSourceStaticBrokerConfig, got[name].Source)
	}
}

func TestDescribeClusterDefaultsShowsWhatIsSet(t *testing.T) {
	r := describe(t, configuredNode(t), kmsg.ConfigResourceTypeBroker, "")
	require.Zero(t, r.ErrorCode)
	require.Equal(t, []string{"log.segment.bytes"}, configNames(r))
	require.Equal(t, "8192", *r.Configs[0].Value)
	require.Empty(t, describe(t, newNode(t), kmsg.ConfigResourceTypeBroker, "").Configs)
}

func TestDescribeConfigsRefusals(t *testing.T) {
	for _, tc := range []struct {
		name     string
		kind     kmsg.ConfigResourceType
		resource string
		code     model.ErrorCode
		says     string
	}{
		{"an unknown topic", kmsg.ConfigResourceTypeTopic, "other", model.UnknownTopicOrPartition, "other"},
		{"another broker", kmsg.ConfigResourceTypeBroker, "2", model.InvalidRequest, "received 2"},
		{"a broker that is no number", kmsg.ConfigResourceTypeBroker, "one", model.InvalidRequest, "received one"},
		{"loggers", kmsg.ConfigResourceTypeBrokerLogger, "1", model.InvalidRequest, "resource type 8"},
		{"no type", kmsg.ConfigResourceTypeUnknown, "logs", model.InvalidRequest, "resource type 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := describe(t, configuredNode(t), tc.kind, tc.resource)
			require.EqualValues(t, tc.code, r.ErrorCode)
			require.Contains(t, message(r.ErrorMessage), tc.says)
			require.Empty(t, r.Configs)
		})
	}
}
