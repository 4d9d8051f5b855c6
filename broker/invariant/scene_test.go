package invariant

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
	"github.com/ackproof/ackproof/broker/storage"
)

// scene is a partition of three replicas and what the watch is shown of it.
type scene struct {
	*Watch
	t     *testing.T
	image *controller.Image
	disks map[model.NodeID]*storage.MemFS
	logs  map[model.NodeID]*storage.Log
	// word is the controller's on the partition.
	word  controller.Partition
	lives map[model.NodeID]int
}

var name = model.TopicPartition{Topic: "t"}

func newScene(t *testing.T, o Options) *scene {
	s := &scene{
		Watch: New(o), t: t, image: controller.NewImage(), disks: map[model.NodeID]*storage.MemFS{},
		logs: map[model.NodeID]*storage.Log{}, lives: map[model.NodeID]int{},
	}
	for id := model.NodeID(1); id <= 3; id++ {
		s.disks[id] = storage.NewMemFS()
		config := storage.DefaultLogConfig()
		config.TailBytes = 1 << 10
		log, _, err := storage.OpenLog(s.disks[id], "t-0", config, false)
		require.NoError(t, err)
		s.logs[id] = log
		s.image.Brokers[id] = &controller.Broker{ID: id}
	}
	s.image.Topics["t"] = &controller.Topic{Name: "t", ID: model.TopicID{1}, Partitions: []*controller.Partition{nil}}
	s.image.TopicNames[model.TopicID{1}] = "t"
	s.elect(1, 0, 1, 2, 3)
	return s
}

// elect lets the controller say who leads in an epoch, and every node apply it.
func (s *scene) elect(leader model.NodeID, epoch model.Epoch, isr ...model.NodeID) {
	s.word.Replicas = []model.NodeID{1, 2, 3}
	s.word.Leader, s.word.LeaderEpoch, s.word.ISR = leader, epoch, isr
	s.word.PartitionEpoch++
	if leader != model.NoNode && epoch >= 0 {
		require.NoError(s.t, s.logs[leader].AssignEpoch(epoch, s.logs[leader].EndOffset()))
	}
	s.decide()
}

// decide lets every node apply what the controller says now.
func (s *scene) decide() {
	s.image.Index++
	word := s.word
	s.image.Topics["t"].Partitions[0] = &word
	for id := range s.logs {
		s.observeMetadata(s.Watch.node(id), s.image)
	}
	s.checkChanged()
}

// beliefs are a leader's, by follower.
type beliefs map[model.NodeID]model.Offset

func (b beliefs) FollowerEnd(id model.NodeID) (model.Offset, bool) {
	end, heard := b[id]
	return end, heard
}

// write appends a batch of two records to some of the logs.
func (s *scene) write(epoch model.Epoch, nodes ...model.NodeID) {
	for _, id := range nodes {
		s.put(id, s.logs[id].EndOffset(), epoch, "ab")
	}
}

func (s *scene) put(id model.NodeID, base model.Offset, epoch model.Epoch, text string) {
	require.NoError(s.t, s.logs[id].Append(batch(base, epoch, text)))
}

// batch has a record for each letter.
func batch(base model.Offset, epoch model.Epoch, text string) storage.Batch {
	var values [][]byte
	for _, letter := range text {
		values = append(values, fmt.Append(nil, letter))
	}
	b := storage.BuildBatch(values, storage.BatchOptions{ProducerID: 7, BaseSequence: int32(base)})
	b.Stamp(base, epoch)
	return b
}

// see shows a node's replica, with a watermark and as the controller has it
// unless altered, after a step.
func (s *scene) see(id model.NodeID, hw model.Offset, alter ...func(*look)) {
	l := s.logs[id]
	epoch, _ := l.LatestEntry()
	last, _ := l.LastBatch()
	now := look{
		leads: s.word.Leader == id, maximal: s.word.ISR, minISR: 2,
		state: partition.State{
			Replicas: s.word.Replicas, ISR: s.word.ISR, Leader: s.word.Leader,
			LeaderEpoch: s.word.LeaderEpoch, PartitionEpoch: s.word.PartitionEpoch,
		},
		start: l.StartOffset(), hw: hw, end: l.EndOffset(), flushed: l.FlushedOffset(),
		epoch: epoch, lastBatch: last, records: l, followers: beliefs(nil),
	}
	for _, change := range alter {
		change(&now)
	}
	n := s.Watch.node(id)
	n.life = s.lives[id]
	v := s.log(logName{model.TopicID{1}, 0}).view(n, name)
	n.views = []*view{v}
	s.observeReplica(v, now)
}

// seeAll shows all replicas, the leader last, with one watermark.
func (s *scene) seeAll(hw model.Offset) {
	for id := model.NodeID(1); id <= 3; id++ {
		if id != s.word.Leader {
			s.see(id, min(hw, s.logs[id].EndOffset()))
		}
	}
	s.see(s.word.Leader, hw)
}

// reboot begins another life of a node.
func (s *scene) reboot(id model.NodeID) { s.lives[id]++ }

func (s *scene) truncate(id model.NodeID, to model.Offset) {
	require.NoError(s.t, s.logs[id].Truncate(to))
}

func (s *scene) classes() []Class {
	var all []Class
	for _, p := range s.Problems() {
		all = append(all, p.Class)
	}
	return all
}
