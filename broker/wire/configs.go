package wire

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
)

// configEntry is a property with every value that was given for it.
type configEntry struct {
	name     string
	kind     kmsg.ConfigType
	doc      string
	readOnly bool
	// layers are the values, the one in force first; never empty.
	layers []configLayer
}

// configLayer is one value of a property and where it comes from. Below the
// topic's own overrides, a property goes by its broker name.
type configLayer struct {
	name, value string
	source      controller.ConfigSource
}

func (e configEntry) value() *string                  { return &e.layers[0].value }
func (e configEntry) source() controller.ConfigSource { return e.layers[0].source }

// topicEntries are all the properties of a topic, sorted by name. The topic need
// not be in the image: a dry run of its creation describes it too.
func topicEntries(n Node, topic *controller.Topic) []configEntry {
	var entries []configEntry
	for _, p := range controller.Properties() {
		e := entryOf(p.Name, p)
		if value, set := topic.Config[p.Name]; set {
			e.layers = append(e.layers, configLayer{p.Name, value, controller.SourceTopic})
		}
		e.layers = append(e.layers, defaultLayers(n, p)...)
		entries = append(entries, e)
	}
	return sortedByName(entries)
}

// brokerEntries are the properties of this broker, sorted by name: the defaults
// of topic properties, and what was fixed at its start.
func brokerEntries(n Node) []configEntry {
	entries := []configEntry{
		fixedEntry("default.replication.factor", kmsg.ConfigTypeInt, int64(n.DefaultReplicationFactor()),
			"The replication factor of topics that are created without one."),
		fixedEntry("node.id", kmsg.ConfigTypeInt, int64(n.ID()), "The id of this broker."),
		fixedEntry("num.partitions", kmsg.ConfigTypeInt, int64(n.DefaultPartitions()),
			"The number of partitions of topics that are created without one."),
	}
	for _, p := range controller.Properties() {
		e := entryOf(p.BrokerName, p)
		e.layers = defaultLayers(n, p)
		entries = append(entries, e)
	}
	return sortedByName(entries)
}

// clusterEntries are the dynamic cluster-wide defaults that are set, sorted by
// name.
func clusterEntries(n Node) []configEntry {
	return slices.DeleteFunc(brokerEntries(n), func(e configEntry) bool {
		return e.source() != controller.SourceCluster
	})
}

func entryOf(name string, p controller.Property) configEntry {
	about := propertyNotes[p.Name]
	return configEntry{name: name, kind: about.kind, doc: about.doc}
}

func fixedEntry(name string, kind kmsg.ConfigType, value int64, doc string) configEntry {
	return configEntry{name: name, kind: kind, doc: doc, readOnly: true,
		layers: []configLayer{{name, strconv.FormatInt(value, 10), controller.SourceStatic}}}
}

// defaultLayers are what a topic gets that overrides nothing. A static value
// that equals the built-in one cannot be told apart from it.
func defaultLayers(n Node, p controller.Property) []configLayer {
	var layers []configLayer
	if value, set := n.Image().ClusterConfig[p.BrokerName]; set {
		layers = append(layers, configLayer{p.BrokerName, value, controller.SourceCluster})
	}
	if value, set := n.Defaults()[p.Name]; set && value != p.Default {
		layers = append(layers, configLayer{p.BrokerName, value, controller.SourceStatic})
	}
	return append(layers, configLayer{p.BrokerName, p.Default, controller.SourceDefault})
}

func sortedByName(entries []configEntry) []configEntry {
	slices.SortFunc(entries, func(a, b configEntry) int { return cmp.Compare(a.name, b.name) })
	return entries
}

// propertyNotes tells clients how to read a property, by its topic name.
var propertyNotes = map[string]struct {
	kind kmsg.ConfigType
	doc  string
}{
	controller.CleanupPolicy: {kmsg.ConfigTypeList,
		"What happens to old segments: they are deleted. Compaction is not supported."},
	controller.CompressionType: {kmsg.ConfigTypeString,
		"Batches stay compressed as the producer sent them."},
	controller.MaxMessageBytes: {kmsg.ConfigTypeInt,
		"The largest record batch that is accepted, in bytes after compression."},
	controller.MessageTimestampType: {kmsg.ConfigTypeString,
		"Records keep the timestamp that their producer gave them."},
	controller.MinInSyncReplicas: {kmsg.ConfigTypeInt,
		"How many replicas must hold a record before a write with acks=all is acknowledged."},
	controller.RetentionBytes: {kmsg.ConfigTypeLong,
		"How many bytes a partition keeps before old segments are deleted; -1 keeps all."},
	controller.RetentionMillis: {kmsg.ConfigTypeLong,
		"How many milliseconds records are kept before their segment is deleted; -1 keeps them forever."},
	controller.SegmentBytes: {kmsg.ConfigTypeInt,
		"The size in bytes at which a new segment file is begun."},
	controller.UncleanLeaderElectionEnable: {kmsg.ConfigTypeBoolean,
		"Whether a replica outside the ISR may become leader when no other is left, at the price of acknowledged records."},
}
