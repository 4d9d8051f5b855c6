package invariant

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

func TestWhatTheControllerMustHold(t *testing.T) {
	fence := func(s *scene, id model.NodeID) { s.image.Brokers[id] = &controller.Broker{ID: id, Fenced: true} }
	runPlanted(t, []planted{
		{"a fenced broker is in an ISR", IneligibleInISR, func(s *scene) {
			fence(s, 2)
			s.elect(1, 0, 1, 3)
			fence(s, 3)
			s.elect(1, 0, 1)
			fence(s, 1)
			s.elect(model.NoNode, 1, 1) // the last one stays
		}, func(s *scene) {
			s.image.Brokers[1] = &controller.Broker{ID: 1}
			s.elect(1, 2, 1, 3)
		}},
		{"a fenced broker is elected", IneligibleInISR, func(s *scene) {
			fence(s, 1)
			s.elect(model.NoNode, 1, 1)
		}, func(s *scene) { s.elect(1, 2, 1) }},
		{"a broker that shuts down stays in an ISR", IneligibleInISR, func(*scene) {}, func(s *scene) {
			s.image.Brokers[2] = &controller.Broker{ID: 2, ShuttingDown: true}
			s.decide()
		}},
		{"an ISR is empty", ISREmpty, func(s *scene) { s.elect(model.NoNode, 1, 1) }, func(s *scene) {
			s.elect(model.NoNode, 1)
		}},
		{"elected from outside the ISR", LeaderOutsideISR, func(s *scene) { s.elect(2, 1, 2, 3) }, func(s *scene) {
			s.elect(1, 2, 2, 3)
		}},
		{"an unclean election nobody allows", UncleanElection, func(s *scene) { s.elect(2, 1, 2) }, func(s *scene) {
			s.word.Recovering = true
			s.elect(3, 2, 3)
		}},
		{"another leader without another epoch", TwoLeaders, func(s *scene) { s.elect(2, 1, 1, 2, 3) }, func(s *scene) {
			s.elect(3, 1, 1, 2, 3)
		}},
		{"the leader epoch falls", MetadataFell, func(s *scene) { s.elect(2, 2, 1, 2, 3) }, func(s *scene) {
			s.elect(3, 1, 1, 2, 3)
		}},
		{"the partition epoch falls", MetadataFell, func(s *scene) { s.elect(1, 0, 1, 2) }, func(s *scene) {
			s.word.PartitionEpoch -= 2
			s.elect(1, 0, 1, 2, 3)
		}},
		{"a broker unlearns", MetadataFell, func(s *scene) {
			s.elect(2, 1, 1, 2, 3)
			s.Watch.node(3).index = 0 // a life begins with old metadata
			s.observeMetadata(s.Watch.node(3), older(s.image))
		}, func(s *scene) { s.observeMetadata(s.Watch.node(2), older(s.image)) }},
		{"two brokers apply different entries", MetadataDiffers, func(s *scene) {
			s.elect(2, 1, 1, 2, 3)
			s.elect(2, 1, 2, 3)
		}, func(s *scene) {
			s.image.Index++
			s.observeMetadata(s.Watch.node(1), s.image)
			word := s.word
			word.ISR = []model.NodeID{1, 2, 3}
			s.image.Topics["t"].Partitions[0] = &word
			s.observeMetadata(s.Watch.node(2), s.image)
		}},
	})
}

// TestADeletedTopicPromisesNothing: its leader may be told of an ISR that nobody who
// looks on has seen, since the deletion was applied in one go with it.
func TestADeletedTopicPromisesNothing(t *testing.T) {
	told := func(deleted bool) []Class {
		s := newScene(t, Options{})
		if deleted {
			delete(s.image.Topics, "t")
			delete(s.image.TopicNames, model.TopicID{1})
			s.image.Index++
			s.observeMetadata(s.Watch.node(2), s.image)
		}
		s.see(1, 0, func(l *look) { l.state.PartitionEpoch, l.state.ISR, l.maximal = 2, ids(1, 2), ids(1, 2) })
		return s.classes()
	}
	require.Equal(t, []Class{ISRBeyondMaximal}, told(false))
	require.Empty(t, told(true))
}

// older is the metadata of a broker that has not applied the last entry.
func older(image *controller.Image) *controller.Image {
	old := controller.NewImage()
	old.Index = image.Index - 1
	old.Brokers, old.Topics = image.Brokers, map[string]*controller.Topic{}
	topic := *image.Topics["t"]
	topic.Partitions = []*controller.Partition{{
		Replicas: ids(1, 2, 3), ISR: ids(1, 2, 3), Leader: 1, PartitionEpoch: 1,
	}}
	old.Topics["t"] = &topic
	return old
}

// TestEveryFieldCountsInADigest: what is equal must be so to the last field.
func TestEveryFieldCountsInADigest(t *testing.T) {
	s := newScene(t, Options{})
	sums := map[uint64]string{digest(s.image): "as it was"}
	change := func(what string, do func()) {
		do()
		sum := digest(s.image)
		require.NotContains(t, sums, sum, "%s is not seen", what)
		sums[sum] = what
	}
	p := s.image.Topics["t"].Partitions[0]
	change("broker epoch", func() { s.image.Brokers[1].Epoch = 5 })
	change("fenced", func() { s.image.Brokers[1].Fenced = true })
	change("shutting down", func() { s.image.Brokers[2].ShuttingDown = true })
	change("leader", func() { p.Leader = 2 })
	change("leader epoch", func() { p.LeaderEpoch = 7 })
	change("partition epoch", func() { p.PartitionEpoch = 9 })
	change("recovering", func() { p.Recovering = true })
	change("ISR", func() { p.ISR = ids(1, 3) })
	change("replicas", func() { p.Replicas = ids(3, 2, 1) })
	change("next producer id", func() { s.image.NextProducerID = 1000 })
	change("topic id", func() { s.image.Topics["t"].ID = model.TopicID{2} })
}
