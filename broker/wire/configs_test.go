package wire

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

func TestEveryPropertyIsExplained(t *testing.T) {
	require.Len(t, propertyNotes, len(controller.Properties()))
	for _, p := range controller.Properties() {
		require.NotEmpty(t, propertyNotes[p.Name].doc, p.Name)
		require.NotZero(t, propertyNotes[p.Name].kind, p.Name)
	}
}

// What clients are told must be what the broker acts upon.
func TestTopicEntriesAgreeWithTheValuesInForce(t *testing.T) {
	n := newNode(t)
	n.defaults["min.insync.replicas"] = "2"
	n.defaults["segment.bytes"] = "65536"
	topic := n.topic(t, "logs", []model.NodeID{1})
	for _, set := range []controller.SetConfig{
		{Topic: "logs", Name: "retention.ms", Value: ptr("1000")},
		{Name: "log.retention.bytes", Value: ptr("4096")},
		{Name: "log.segment.bytes", Value: ptr("8192")},
	} {
		n.must(t, controller.Command{SetConfig: &set})
	}
	topic = n.image.Topics[topic.Name]

	sources := map[controller.ConfigSource]bool{}
	for _, entry := range topicEntries(n, topic) {
		value, source := n.image.TopicConfig("logs", entry.name, n.defaults)
		require.Equal(t, value, *entry.value(), entry.name)
		require.Equal(t, source, entry.source(), entry.name)
		sources[source] = true
	}
	require.Len(t, sources, 4, "the topic, the cluster, this broker and the built-in defaults all had their say")
}

func TestAStaticValueEqualToTheDefaultIsTheDefault(t *testing.T) {
	n := newNode(t)
	n.defaults["min.insync.replicas"] = "1"
	for _, entry := range brokerEntries(n) {
		if entry.name == "min.insync.replicas" {
			require.Equal(t, []configLayer{{"min.insync.replicas", "1", controller.SourceDefault}}, entry.layers)
			return
		}
	}
	t.Fatal("min.insync.replicas is not described")
}
