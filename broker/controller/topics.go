package controller

import (
	"maps"
	"regexp"
	"slices"

	"github.com/ackproof/ackproof/broker/model"
)

const (
	maxTopicName = 249
	// maxPartitionsPerCommand bounds what one entry of the log can cost, as the
	// Kafka controller does per request.
	maxPartitionsPerCommand = 10_000
)

var legalTopicName = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

func (a *application) createTopic(cmd *CreateTopic) Result {
	if old := a.image.Topics[cmd.Name]; old != nil {
		if old.ID == cmd.ID {
			return Result{Topic: old}
		}
		return refuse(model.TopicAlreadyExists, "Topic '%s' already exists.", cmd.Name)
	}
	if refused := checkTopicName(cmd.Name); refused.Code != model.None {
		return refused
	}
	if name, taken := a.image.TopicNames[cmd.ID]; taken || cmd.ID == (model.TopicID{}) {
		return refuse(model.InvalidRequest, "Topic ID %s is zero or taken (%q).", cmd.ID, name)
	}
	if refused := checkTopicConfig(cmd.Config); refused.Code != model.None {
		return refused
	}
	assignment, refused := a.assignment(cmd.Partitions, cmd.ReplicationFactor, cmd.Replicas)
	if refused.Code != model.None {
		return refused
	}
	topic := &Topic{Name: cmd.Name, ID: cmd.ID, Config: map[string]string{}}
	maps.Copy(topic.Config, cmd.Config)
	for _, replicas := range assignment {
		topic.Partitions = append(topic.Partitions, a.newPartition(replicas))
	}
	if cmd.ValidateOnly {
		return Result{Topic: topic}
	}
	a.image.Topics[cmd.Name] = topic
	a.image.TopicNames[cmd.ID] = cmd.Name
	a.touchPartitions(topic, 0)
	return Result{Topic: topic}
}

func checkTopicName(name string) Result {
	switch {
	case name == "":
		return refuse(model.InvalidTopicException, "Topic name is invalid: the empty string is not allowed")
	case name == "." || name == "..":
		return refuse(model.InvalidTopicException, "Topic name is invalid: '.' or '..' is not allowed")
	case len(name) > maxTopicName:
		return refuse(model.InvalidTopicException,
			"Topic name is invalid: the length of '%s' is longer than the max allowed length %d", name, maxTopicName)
	case !legalTopicName.MatchString(name):
		return refuse(model.InvalidTopicException, "Topic name is invalid: '%s' contains one or more "+
			"characters other than ASCII alphanumerics, '.', '_' and '-'", name)
	}
	return Result{}
}

func (a *application) deleteTopic(cmd *DeleteTopic) Result {
	topic := a.image.Topics[cmd.Name]
	switch {
	case cmd.ID != (model.TopicID{}) && (topic == nil || topic.ID != cmd.ID):
		return refuse(model.UnknownTopicID, "This server does not host this topic ID.")
	case topic == nil:
		return unknownTopic()
	}
	delete(a.image.Topics, cmd.Name)
	delete(a.image.TopicNames, topic.ID)
	a.changes.Deleted = append(a.changes.Deleted,
		DeletedTopic{Name: topic.Name, ID: topic.ID, Partitions: int32(len(topic.Partitions))})
	return Result{Topic: topic}
}

func (a *application) createPartitions(cmd *CreatePartitions) Result {
	topic := a.image.Topics[cmd.Topic]
	if topic == nil {
		return unknownTopic()
	}
	have := int32(len(topic.Partitions))
	switch {
	case cmd.Total == have:
		return refuse(model.InvalidPartitions, "Topic already has %d partition(s).", have)
	case cmd.Total < have:
		return refuse(model.InvalidPartitions, "The topic %s currently has %d partition(s); %d would not be an increase.",
			cmd.Topic, have, cmd.Total)
	}
	added := cmd.Total - have
	if cmd.Replicas != nil && len(cmd.Replicas) != int(added) {
		return refuse(model.InvalidReplicaAssignment,
			"Attempted to add %d additional partition(s), but only %d assignment(s) were specified.", added, len(cmd.Replicas))
	}
	factor := int16(len(topic.Partitions[0].Replicas))
	assignment, refused := a.assignment(added, factor, cmd.Replicas)
	if refused.Code != model.None {
		return refused
	}
	if got := len(assignment[0]); got != int(factor) {
		return refuse(model.InvalidReplicaAssignment, "The manual partition assignment includes a partition with %d "+
			"replica(s), but this is not consistent with previous partitions, which have %d replica(s).", got, factor)
	}
	grown := *topic
	grown.Partitions = slices.Clone(topic.Partitions)
	for _, replicas := range assignment {
		grown.Partitions = append(grown.Partitions, a.newPartition(replicas))
	}
	if cmd.ValidateOnly {
		return Result{Topic: &grown}
	}
	a.image.Topics[cmd.Topic] = &grown
	a.touchPartitions(&grown, have)
	return Result{Topic: &grown}
}

// reorderReplicas changes who is preferred. Leader and ISR stay; the balancer or
// an ElectLeader moves the leadership later.
func (a *application) reorderReplicas(cmd *ReorderReplicas) Result {
	tp := model.TopicPartition{Topic: cmd.Topic, Partition: cmd.Partition}
	_, p := a.image.Lookup(tp)
	if p == nil {
		return unknownTopic()
	}
	if slices.Equal(cmd.Replicas, p.Replicas) {
		return Result{Partition: p}
	}
	if !slices.Equal(slices.Sorted(slices.Values(cmd.Replicas)), slices.Sorted(slices.Values(p.Replicas))) {
		return refuse(model.InvalidReplicaAssignment, "The replicas %v are not a new order of %v.", cmd.Replicas, p.Replicas)
	}
	next := *p
	next.Replicas = slices.Clone(cmd.Replicas)
	next.ISR = slices.DeleteFunc(slices.Clone(cmd.Replicas), func(id model.NodeID) bool { return !slices.Contains(p.ISR, id) })
	return Result{Partition: a.replace(tp, next)}
}

// touchPartitions notes that a topic's partitions from number first on are new.
func (a *application) touchPartitions(topic *Topic, first int32) {
	for n := first; n < int32(len(topic.Partitions)); n++ {
		a.changes.Changed = append(a.changes.Changed, model.TopicPartition{Topic: topic.Name, Partition: n})
	}
}
