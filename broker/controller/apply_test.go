package controller

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// TestRandomCommandsKeepTheImageSound applies what nobody would think of, on two
// images, one of which goes through a snapshot before every command.
func TestRandomCommandsKeepTheImageSound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	image, twin := NewImage(), NewImage()
	accepted := map[string]int{}
	for index := uint64(1); index <= 4000; index++ {
		cmd := randomCommand(random, image)
		data, err := encodeImage(twin)
		require.NoError(t, err)
		twin, err = decodeImage(data)
		require.NoError(t, err)
		before := epochs(image)
		result, changes := image.Apply(index, cmd, nil)
		twinResult, twinChanges := twin.Apply(index, cmd, nil)
		require.Equal(t, result, twinResult)
		require.Equal(t, changes, twinChanges)
		require.Equal(t, image, twin)
		requireSound(t, image)
		requireGrown(t, before, image)
		if result.Code == model.None {
			accepted[fmt.Sprintf("%T", kindOf(cmd))]++
		} else {
			require.Empty(t, changes, "a refused command must change nothing")
		}
	}
	require.Len(t, accepted, 9, "kinds of commands that were ever accepted: %v", accepted)
}

func kindOf(cmd Command) any {
	switch {
	case cmd.RegisterBroker != nil:
		return cmd.RegisterBroker
	case cmd.BrokerStateChange != nil:
		return cmd.BrokerStateChange
	case cmd.CreateTopic != nil:
		return cmd.CreateTopic
	case cmd.DeleteTopic != nil:
		return cmd.DeleteTopic
	case cmd.CreatePartitions != nil:
		return cmd.CreatePartitions
	case cmd.AlterPartition != nil:
		return cmd.AlterPartition
	case cmd.ElectLeader != nil:
		return cmd.ElectLeader
	case cmd.ReorderReplicas != nil:
		return cmd.ReorderReplicas
	default:
		return cmd.SetConfig
	}
}

func randomCommand(random *rand.Rand, image *Image) Command {
	id := model.NodeID(random.IntN(4))
	topic := fmt.Sprintf("t%d", random.IntN(3))
	partition := int32(random.IntN(3))
	_, p := image.Lookup(model.TopicPartition{Topic: topic, Partition: partition})
	epoch := model.NoBrokerEpoch
	if b := image.Brokers[id]; b != nil {
		epoch = b.Epoch
	}
	switch random.IntN(12) {
	case 0:
		command := registerCommand(id, byte(random.IntN(250)))
		if b := image.Brokers[id]; b != nil && random.IntN(2) == 0 {
			command.RegisterBroker.Replaces = b.Epoch
		}
		return command
	case 1, 2, 3:
		to := Unfence
		switch random.IntN(12) {
		case 0, 1:
			to = Fence
		case 2:
			to = Shutdown
		}
		return Command{BrokerStateChange: &BrokerStateChange{ID: id, Epoch: epoch, To: to}}
	case 4:
		return Command{CreateTopic: &CreateTopic{
			Name: topic, ID: model.TopicID{byte(random.IntN(250)), 1}, Partitions: 1 + partition, ReplicationFactor: int16(1 + random.IntN(4)),
		}}
	case 5:
		if random.IntN(4) > 0 {
			return randomCommand(random, image)
		}
		return Command{DeleteTopic: &DeleteTopic{Name: topic}}
	case 6:
		return Command{CreatePartitions: &CreatePartitions{Topic: topic, Total: partition + 1}}
	case 7:
		return Command{ElectLeader: &ElectLeader{Topic: topic, Partition: partition, Unclean: random.IntN(2) == 0}}
	case 8:
		value := []string{"true", "false"}[random.IntN(2)]
		return Command{SetConfig: &SetConfig{Topic: topic, Name: UncleanLeaderElectionEnable, Value: &value}}
	case 9:
		if p == nil {
			return randomCommand(random, image)
		}
		replicas := append([]model.NodeID(nil), p.Replicas...)
		random.Shuffle(len(replicas), func(i, j int) { replicas[i], replicas[j] = replicas[j], replicas[i] })
		return Command{ReorderReplicas: &ReorderReplicas{Topic: topic, Partition: partition, Replicas: replicas}}
	default:
		if p == nil || p.Leader == model.NoNode {
			return randomCommand(random, image)
		}
		cmd := &AlterPartition{
			TopicID: image.Topics[topic].ID, Partition: partition, Leader: p.Leader, BrokerEpoch: image.Brokers[p.Leader].Epoch,
			LeaderEpoch: p.LeaderEpoch, PartitionEpoch: p.PartitionEpoch, Recovering: random.IntN(8) == 0,
		}
		for _, replica := range p.Replicas {
			if random.IntN(3) > 0 {
				cmd.ISR = append(cmd.ISR, ISRMember{ID: replica, Epoch: model.NoBrokerEpoch})
			}
		}
		return Command{AlterPartition: cmd}
	}
}

func TestAnEntryIsAppliedOnce(t *testing.T) {
	image := NewImage()
	image.Apply(5, Command{}, nil)
	require.Panics(t, func() { image.Apply(5, Command{}, nil) })
}

func TestChangesForgetWhatIsGone(t *testing.T) {
	image := NewImage()
	image.Apply(1, registerCommand(1, 1), nil)
	image.Apply(2, Command{BrokerStateChange: &BrokerStateChange{ID: 1, Epoch: 1, To: Unfence}}, nil)
	var all Changes
	for at, cmd := range []Command{
		createCommand(2, 1), createCommand(1, 1),
		{DeleteTopic: &DeleteTopic{Name: "topic-2"}},
		{DeleteTopic: &DeleteTopic{Name: "topic-1"}},
		{CreateTopic: &CreateTopic{Name: "topic-1", ID: model.TopicID{9}, Partitions: 2, ReplicationFactor: 1}},
		{SetConfig: &SetConfig{Topic: "topic-1", Name: RetentionMillis}},
	} {
		result, changes := image.Apply(uint64(3+at), cmd, nil)
		require.Equal(t, model.None, result.Code, result.Message)
		all.add(changes)
	}
	all.settle(image)
	require.Equal(t, Changes{
		Changed:      []model.TopicPartition{{Topic: "topic-1", Partition: 0}, {Topic: "topic-1", Partition: 1}},
		Deleted:      []DeletedTopic{{Name: "topic-1", ID: model.TopicID{1, 1}, Partitions: 1}, {Name: "topic-2", ID: model.TopicID{2, 1}, Partitions: 1}},
		Reconfigured: []string{"topic-1"},
	}, all)
}

func TestDifferenceSeesATopicMadeAnew(t *testing.T) {
	build := func(id byte) *Image {
		image := NewImage()
		image.Apply(1, registerCommand(1, 1), nil)
		image.Apply(2, Command{BrokerStateChange: &BrokerStateChange{ID: 1, Epoch: 1, To: Unfence}}, nil)
		image.Apply(3, Command{CreateTopic: &CreateTopic{Name: "t", ID: model.TopicID{id}, Partitions: 1, ReplicationFactor: 1}}, nil)
		image.Apply(4, createCommand(7, 1), nil)
		return image
	}
	require.Empty(t, difference(build(1), build(1)).Changed)
	changes := difference(build(1), build(2))
	require.Equal(t, []model.TopicPartition{{Topic: "t"}}, changes.Changed)
	require.Equal(t, []DeletedTopic{{Name: "t", ID: model.TopicID{1}, Partitions: 1}}, changes.Deleted)
}
