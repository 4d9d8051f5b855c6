package controller

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ackproof/ackproof/broker/model"
)

// Property is one thing that can be configured per topic.
type Property struct {
	// Name is the topic's name for it, BrokerName the one of its cluster-wide
	// default.
	Name, BrokerName string
	Default          string
	// Allowed says in words which values are.
	Allowed string
	valid   func(string) bool
}

// The names of the topic properties that the broker acts upon.
const (
	MinInSyncReplicas           = "min.insync.replicas"
	UncleanLeaderElectionEnable = "unclean.leader.election.enable"
	RetentionMillis             = "retention.ms"
	RetentionBytes              = "retention.bytes"
	SegmentBytes                = "segment.bytes"
	MaxMessageBytes             = "max.message.bytes"
	CleanupPolicy               = "cleanup.policy"
	CompressionType             = "compression.type"
	MessageTimestampType        = "message.timestamp.type"
)

// properties is sorted by name. Sizes are in bytes, times in milliseconds.
var properties = []Property{
	oneOf(CleanupPolicy, "log.cleanup.policy", "delete"),
	oneOf(CompressionType, "compression.type", "producer"),
	between(MaxMessageBytes, "message.max.bytes", "1048588", 0, math.MaxInt32),
	oneOf(MessageTimestampType, "log.message.timestamp.type", "CreateTime"),
	between(MinInSyncReplicas, "min.insync.replicas", "1", 1, math.MaxInt32),
	between(RetentionBytes, "log.retention.bytes", "-1", -1, math.MaxInt64),
	between(RetentionMillis, "log.retention.ms", "604800000", -1, math.MaxInt64),
	// Smaller segments than a batch header make no sense; Kafka's own floor of
	// 1 MiB would keep tests from rolling one.
	between(SegmentBytes, "log.segment.bytes", "1073741824", 1024, math.MaxInt32),
	oneOf(UncleanLeaderElectionEnable, "unclean.leader.election.enable", "false", "true"),
}

// oneOf is a property with a few values, the first of which is the default.
func oneOf(name, brokerName string, values ...string) Property {
	return Property{
		Name: name, BrokerName: brokerName, Default: values[0], Allowed: strings.Join(values, ", "),
		valid: func(value string) bool { return slices.Contains(values, value) },
	}
}

// between is a property whose value is an integer, bounds included.
func between(name, brokerName, byDefault string, lowest, highest int64) Property {
	return Property{
		Name: name, BrokerName: brokerName, Default: byDefault,
		Allowed: fmt.Sprintf("integers from %d to %d", lowest, highest),
		valid: func(value string) bool {
			n, err := strconv.ParseInt(value, 10, 64)
			return err == nil && lowest <= n && n <= highest
		},
	}
}

// Properties lists what can be configured per topic, sorted by name.
func Properties() []Property { return slices.Clone(properties) }

// CheckTopicProperty tells what is wrong with a topic's property; nil if nothing.
// A nil value stands for its removal, which only asks for a known name.
func CheckTopicProperty(name string, value *string) error {
	return check(name, value, func(p Property) string { return p.Name })
}

// CheckClusterProperty tells what is wrong with a cluster-wide default; nil if
// nothing. A nil value stands for its removal.
func CheckClusterProperty(name string, value *string) error {
	return check(name, value, func(p Property) string { return p.BrokerName })
}

func check(name string, value *string, nameOf func(Property) string) error {
	known := make([]string, 0, len(properties))
	for _, p := range properties {
		if nameOf(p) != name {
			known = append(known, nameOf(p))
			continue
		}
		if value != nil && !p.valid(*value) {
			return fmt.Errorf("invalid value %q for configuration %s: allowed are %s", *value, name, p.Allowed)
		}
		return nil
	}
	return fmt.Errorf("unknown config name %q: known are %s", name, strings.Join(known, ", "))
}

// checkTopicConfig checks in the order of names, so that every broker reports
// the same one.
func checkTopicConfig(config map[string]string) Result {
	for _, name := range slices.Sorted(maps.Keys(config)) {
		value := config[name]
		if err := CheckTopicProperty(name, &value); err != nil {
			return refuse(model.InvalidConfig, "%s", err)
		}
	}
	return Result{}
}

// ConfigSource tells where a value comes from, in the numbers of the
// DescribeConfigs protocol.
type ConfigSource int8

// The sources, strongest first.
const (
	SourceUnknown ConfigSource = 0
	SourceTopic   ConfigSource = 1
	SourceCluster ConfigSource = 3
	SourceStatic  ConfigSource = 4
	SourceDefault ConfigSource = 5
)

// TopicConfig finds the value in force for a topic's property: its own override,
// else the cluster's dynamic default, else static (by the topic's property
// names), else the built-in default. A topic that does not exist has no
// overrides; an unknown property has no value.
func (i *Image) TopicConfig(topic, name string, static map[string]string) (string, ConfigSource) {
	at := slices.IndexFunc(properties, func(p Property) bool { return p.Name == name })
	if at < 0 {
		return "", SourceUnknown
	}
	if t := i.Topics[topic]; t != nil {
		if value, ok := t.Config[name]; ok {
			return value, SourceTopic
		}
	}
	if value, ok := i.ClusterConfig[properties[at].BrokerName]; ok {
		return value, SourceCluster
	}
	if value, ok := static[name]; ok {
		return value, SourceStatic
	}
	return properties[at].Default, SourceDefault
}

func (i *Image) uncleanAllowed(topic string) bool {
	value, _ := i.TopicConfig(topic, UncleanLeaderElectionEnable, i.StaticConfig)
	return value == "true"
}

// setConfig changes one property. Where it allows unclean elections, partitions
// that wait for a leader get one at once.
func (a *application) setConfig(cmd *SetConfig) Result {
	topic := a.image.Topics[cmd.Topic]
	if cmd.Topic != "" && topic == nil {
		return unknownTopic()
	}
	checkProperty := CheckClusterProperty
	if topic != nil {
		checkProperty = CheckTopicProperty
	}
	if err := checkProperty(cmd.Name, cmd.Value); err != nil {
		return refuse(model.InvalidConfig, "%s", err)
	}
	if topic != nil {
		next := *topic
		next.Config = withProperty(topic.Config, cmd.Name, cmd.Value)
		a.image.Topics[cmd.Topic] = &next
		a.changes.Reconfigured = []string{cmd.Topic}
	} else {
		a.image.ClusterConfig = withProperty(a.image.ClusterConfig, cmd.Name, cmd.Value)
		a.changes.Reconfigured = a.image.TopicList()
	}
	a.electLeaderless()
	return Result{}
}

func withProperty(config map[string]string, name string, value *string) map[string]string {
	next := maps.Clone(config)
	if value == nil {
		delete(next, name)
	} else {
		next[name] = *value
	}
	return next
}
