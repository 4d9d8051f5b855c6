package controller

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// TestScripts runs each script of testdata against a fresh image. Every
// directive is a command, which is applied and answered with its result and the
// partitions that it changed; the image's invariants are checked after each.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &script{image: NewImage(), ids: map[string]model.TopicID{}, index: 1}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return s.run(t, d)
		})
	})
}

type script struct {
	image *Image
	ids   map[string]model.TopicID
	// created counts the topics ever made; the next one's id is one more.
	created int64
	index   uint64
}

func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "state":
		return describeImage(s.image)
	case "config":
		return s.describeConfig(t, d)
	}
	cmd := s.command(t, d)
	before := epochs(s.image)
	s.index++
	result, changes := s.image.Apply(s.index, cmd, nil)
	s.note(cmd, result)
	requireSound(t, s.image)
	requireGrown(t, before, s.image)
	requireSurvivesSnapshot(t, s.image)
	return describeResult(cmd, result) + describeChanges(s.image, changes)
}

// note remembers a new topic's id, which later directives find by name.
func (s *script) note(cmd Command, result Result) {
	create := cmd.CreateTopic
	if create == nil || create.ValidateOnly || result.Code != model.None || s.ids[create.Name] == create.ID {
		return
	}
	s.ids[create.Name] = create.ID
	s.created++
}

// command reads a directive; args that do not matter to it are left out.
func (s *script) command(t *testing.T, d *datadriven.TestData) Command {
	a := scriptArgs{t: t, d: d}
	switch d.Cmd {
	case "activate":
		return Command{Activate: &Activate{Node: a.node("node"), StaticConfig: a.properties("static")}}
	case "register":
		id := a.node("id")
		var registered model.BrokerEpoch
		if b := s.image.Brokers[id]; b != nil {
			registered = b.Epoch
		}
		return Command{RegisterBroker: &RegisterBroker{
			ID: id, Incarnation: [16]byte{byte(a.number("incarnation", 1))}, PreviousEpoch: model.NoBrokerEpoch,
			Replaces:  model.BrokerEpoch(a.number("replaces", int64(registered))),
			Listeners: slices.Repeat([]Listener{{Name: "INSIDE", Host: "broker", Port: 9092}}, int(a.number("listeners", 1))),
		}}
	case "fence", "unfence", "shutdown", "vanish":
		id := a.node("id")
		epoch := model.NoBrokerEpoch
		if b := s.image.Brokers[id]; b != nil {
			epoch = b.Epoch
		}
		return Command{BrokerStateChange: &BrokerStateChange{
			ID: id, Epoch: model.BrokerEpoch(a.number("epoch", int64(epoch))), To: Transition(d.Cmd),
		}}
	case "create":
		return Command{CreateTopic: &CreateTopic{
			Name: a.word("topic"), ID: model.TopicID{15: byte(a.number("id", s.created+1))}, Partitions: int32(a.number("partitions", 1)),
			ReplicationFactor: int16(a.number("rf", 3)), Replicas: a.assignment("replicas"),
			Config: a.properties("config"), ValidateOnly: d.HasArg("validate-only"),
		}}
	case "delete":
		return Command{DeleteTopic: &DeleteTopic{Name: a.word("topic"), ID: model.TopicID{15: byte(a.number("id", 0))}}}
	case "grow":
		return Command{CreatePartitions: &CreatePartitions{
			Topic: a.word("topic"), Total: int32(a.number("total", 0)), Replicas: a.assignment("replicas"),
			ValidateOnly: d.HasArg("validate-only"),
		}}
	case "alter":
		return Command{AlterPartition: s.alterPartition(a)}
	case "elect":
		return Command{ElectLeader: &ElectLeader{
			Topic: a.word("topic"), Partition: int32(a.number("p", 0)), Unclean: d.HasArg("unclean"),
		}}
	case "reorder":
		return Command{ReorderReplicas: &ReorderReplicas{
			Topic: a.word("topic"), Partition: int32(a.number("p", 0)), Replicas: a.nodes("replicas"),
		}}
	case "set":
		cmd := &SetConfig{Topic: a.word("topic"), Name: a.word("name")}
		if d.HasArg("value") {
			value := a.word("value")
			cmd.Value = &value
		}
		return Command{SetConfig: cmd}
	case "allocate":
		id := a.node("id")
		epoch := model.NoBrokerEpoch
		if b := s.image.Brokers[id]; b != nil {
			epoch = b.Epoch
		}
		return Command{AllocateProducerIDs: &AllocateProducerIDs{
			ID: id, Epoch: model.BrokerEpoch(a.number("epoch", int64(epoch))), Count: int32(a.number("count", 1000)),
		}}
	case "nothing":
		return Command{}
	}
	d.Fatalf(t, "unknown directive %q", d.Cmd)
	return Command{}
}

// alterPartition takes everything that is not said from the partition as it is,
// so that a script names only what is wrong.
func (s *script) alterPartition(a scriptArgs) *AlterPartition {
	name := a.word("topic")
	p := &Partition{Leader: model.NoNode}
	if _, found := s.image.Lookup(model.TopicPartition{Topic: name, Partition: int32(a.number("p", 0))}); found != nil {
		p = found
	}
	cmd := &AlterPartition{
		TopicID:        s.ids[name],
		Partition:      int32(a.number("p", 0)),
		Leader:         model.NodeID(a.number("from", int64(p.Leader))),
		LeaderEpoch:    model.Epoch(a.number("leader-epoch", int64(p.LeaderEpoch))),
		PartitionEpoch: model.PartitionEpoch(a.number("partition-epoch", int64(p.PartitionEpoch))),
		Recovering:     a.d.HasArg("recovering"),
	}
	epoch := model.NoBrokerEpoch
	if b := s.image.Brokers[cmd.Leader]; b != nil {
		epoch = b.Epoch
	}
	cmd.BrokerEpoch = model.BrokerEpoch(a.number("broker-epoch", int64(epoch)))
	for _, word := range a.list("isr") {
		id, heard, _ := strings.Cut(word, "@")
		member := ISRMember{ID: model.NodeID(a.parse(id)), Epoch: model.NoBrokerEpoch}
		if heard != "" {
			member.Epoch = model.BrokerEpoch(a.parse(heard))
		}
		cmd.ISR = append(cmd.ISR, member)
	}
	return cmd
}

func (s *script) describeConfig(t *testing.T, d *datadriven.TestData) string {
	a := scriptArgs{t: t, d: d}
	value, source := s.image.TopicConfig(a.word("topic"), a.word("name"), a.properties("static"))
	return fmt.Sprintf("%q source=%d\n", value, source)
}

// scriptArgs reads a directive's arguments.
type scriptArgs struct {
	t *testing.T
	d *datadriven.TestData
}

func (a scriptArgs) parse(word string) int64 {
	n, err := strconv.ParseInt(word, 10, 64)
	require.NoError(a.t, err, a.d.Pos)
	return n
}

func (a scriptArgs) list(key string) []string {
	arg, _ := a.d.Arg(key)
	return slices.DeleteFunc(slices.Clone(arg.Vals), func(word string) bool { return word == "" })
}

func (a scriptArgs) word(key string) string {
	return strings.Join(a.list(key), ",")
}

func (a scriptArgs) number(key string, byDefault int64) int64 {
	if !a.d.HasArg(key) {
		return byDefault
	}
	return a.parse(a.word(key))
}

func (a scriptArgs) node(key string) model.NodeID { return model.NodeID(a.number(key, 1)) }

func (a scriptArgs) nodes(key string) []model.NodeID {
	var ids []model.NodeID
	for _, word := range a.list(key) {
		ids = append(ids, model.NodeID(a.parse(word)))
	}
	return ids
}

// assignment reads (1/2/3,2/3/1).
func (a scriptArgs) assignment(key string) [][]model.NodeID {
	var all [][]model.NodeID
	for _, word := range a.list(key) {
		var replicas []model.NodeID
		for id := range strings.SplitSeq(strings.Trim(word, "/"), "/") {
			if id != "" {
				replicas = append(replicas, model.NodeID(a.parse(id)))
			}
		}
		all = append(all, replicas)
	}
	return all
}

// properties reads (name:value,name:value).
func (a scriptArgs) properties(key string) map[string]string {
	properties := map[string]string{}
	for _, word := range a.list(key) {
		name, value, _ := strings.Cut(word, ":")
		properties[name] = value
	}
	return properties
}

func describeResult(cmd Command, r Result) string {
	if r.Code != model.None {
		return fmt.Sprintf("%s: %s\n", r.Code, r.Message)
	}
	switch {
	case cmd.RegisterBroker != nil:
		return fmt.Sprintf("ok broker-epoch=%d\n", r.BrokerEpoch)
	case cmd.AllocateProducerIDs != nil:
		return fmt.Sprintf("ok first=%d\n", r.FirstProducerID)
	case r.Topic != nil:
		return fmt.Sprintf("ok topic=%s partitions=%d\n", r.Topic.Name, len(r.Topic.Partitions))
	}
	return "ok\n"
}

func describeChanges(image *Image, c Changes) string {
	var b strings.Builder
	for _, d := range c.Deleted {
		fmt.Fprintf(&b, "  deleted %s id=%d partitions=%d\n", d.Name, d.ID[15], d.Partitions)
	}
	for _, tp := range c.Changed {
		_, p := image.Lookup(tp)
		fmt.Fprintf(&b, "  %s %s\n", tp, describePartition(p))
	}
	if len(c.Reconfigured) > 0 {
		fmt.Fprintf(&b, "  reconfigured %v\n", c.Reconfigured)
	}
	return b.String()
}

func describePartition(p *Partition) string {
	text := fmt.Sprintf("leader=%d replicas=%v isr=%v leader-epoch=%d partition-epoch=%d",
		p.Leader, p.Replicas, p.ISR, p.LeaderEpoch, p.PartitionEpoch)
	if p.Recovering {
		text += " recovering"
	}
	return text
}

func describeImage(image *Image) string {
	var b strings.Builder
	for _, id := range image.BrokerIDs() {
		broker := image.Brokers[id]
		fmt.Fprintf(&b, "broker %d epoch=%d fenced=%t shutting-down=%t\n", id, broker.Epoch, broker.Fenced, broker.ShuttingDown)
	}
	for tp, p := range image.Partitions() {
		fmt.Fprintf(&b, "%s %s\n", tp, describePartition(p))
	}
	return b.String()
}

// requireSound checks what must hold after every entry.
func requireSound(t *testing.T, image *Image) {
	t.Helper()
	require.Len(t, image.TopicNames, len(image.Topics))
	for name, topic := range image.Topics {
		require.Equal(t, name, image.TopicNames[topic.ID])
	}
	for tp, p := range image.Partitions() {
		state := fmt.Sprintf("%s %s", tp, describePartition(p))
		require.NotEmpty(t, p.ISR, state)
		require.Equal(t, p.ISR, slices.DeleteFunc(slices.Clone(p.Replicas), func(id model.NodeID) bool {
			return !slices.Contains(p.ISR, id)
		}), "ISR is a part of the replicas in their order: %s", state)
		if p.Leader != model.NoNode {
			require.Contains(t, p.ISR, p.Leader, state)
			for _, id := range p.ISR {
				require.True(t, image.Brokers[id].Eligible(), "ISR member %d is not eligible: %s", id, state)
			}
		} else {
			require.Len(t, p.ISR, 1, "a leaderless partition has its last ISR member: %s", state)
			require.False(t, image.Brokers[p.ISR[0]].Eligible(), "leaderless for no reason: %s", state)
		}
		if p.Recovering {
			require.Len(t, p.ISR, 1, state)
		}
	}
}

func epochs(image *Image) map[model.TopicID][]Partition {
	all := map[model.TopicID][]Partition{}
	for _, topic := range image.Topics {
		for _, p := range topic.Partitions {
			all[topic.ID] = append(all[topic.ID], *p)
		}
	}
	return all
}

// requireGrown checks that no epoch fell, and that each grew with what it counts.
func requireGrown(t *testing.T, before map[model.TopicID][]Partition, image *Image) {
	t.Helper()
	for id, partitions := range before {
		topic := image.Topics[image.TopicNames[id]]
		if topic == nil {
			continue
		}
		for n, old := range partitions {
			now := *topic.Partitions[n]
			require.Equal(t, now.Leader != old.Leader, now.LeaderEpoch == old.LeaderEpoch+1)
			require.Contains(t, []model.Epoch{old.LeaderEpoch, old.LeaderEpoch + 1}, now.LeaderEpoch)
			changed := !reflect.DeepEqual(old, now)
			require.Equal(t, changed, now.PartitionEpoch == old.PartitionEpoch+1)
			require.Equal(t, !changed, now.PartitionEpoch == old.PartitionEpoch)
		}
	}
}

func requireSurvivesSnapshot(t *testing.T, image *Image) {
	t.Helper()
	data, err := encodeImage(image)
	require.NoError(t, err)
	restored, err := decodeImage(data)
	require.NoError(t, err)
	again, err := encodeImage(restored)
	require.NoError(t, err)
	require.Equal(t, string(data), string(again))
	require.True(t, maps.Equal(image.TopicNames, restored.TopicNames))
}
