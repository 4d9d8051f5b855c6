package invariant

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
)

// still is a broker at rest that holds one replica.
type still struct {
	id      model.NodeID
	replica *partition.Partition
}

func (b still) ID() model.NodeID       { return b.id }
func (still) Image() *controller.Image { return nothing }
func (b still) EachReplica(visit func(model.TopicID, *partition.Partition)) {
	visit(model.TopicID{1}, b.replica)
}

// nothing is the metadata of a broker that has applied none.
var nothing = controller.NewImage()

type nobody struct{}

func (nobody) Eligible(model.NodeID) bool                 { return true }
func (nobody) BrokerEpoch(model.NodeID) model.BrokerEpoch { return 1 }

// rest lets the scene's replicas come to rest with these watermarks.
func (s *scene) rest(watermarks ...model.Offset) {
	var brokers []Broker
	for i, hw := range watermarks {
		id := model.NodeID(i + 1)
		config := partition.Config{Self: id, Cluster: nobody{}, LagMax: time.Second}
		brokers = append(brokers, still{id, partition.New(name, config, s.logs[id], hw)})
	}
	s.Quiet(brokers)
}

func TestWhatHoldsAtRest(t *testing.T) {
	runPlanted(t, []planted{
		{"logs differ below both watermarks", LogMismatch, func(s *scene) {
			s.write(0, 1, 2, 3)
			s.put(1, 2, 0, "cd")
			s.put(2, 2, 0, "cd")
			s.put(3, 2, 0, "xy")
			s.rest(4, 4, 2)
		}, func(s *scene) { s.rest(4, 4, 4) }},
		{"logs differ between two that lag", LogMismatch, func(s *scene) {
			s.write(0, 1, 2)
			s.put(3, 0, 0, "xy")
			s.rest(2, 2, 0)
		}, func(s *scene) { s.rest(0, 2, 2) }},
		{"producers are forgotten", ProducerMismatch, func(s *scene) {
			s.write(0, 1, 2, 3)
			s.rest(2, 2, 0)
			s.write(0, 1) // whoever holds more, knows more
			s.rest(2, 2, 2)
		}, func(s *scene) {
			s.logs[2].ExpireProducers(math.MaxInt64 / 2)
			s.rest(2, 2, 2)
		}},
		{"epochs are not those of the log", EpochsUnlikeLog, func(s *scene) {
			s.write(0, 1, 2, 3)
			s.elect(2, 1, 1, 2, 3) // and has not written
			s.rest(2, 2, 2)
		}, func(s *scene) {
			require.NoError(s.t, s.logs[2].AssignEpoch(3, 1))
			s.rest(2, 2, 2)
		}},
	})
}

// TestABrokerWithAWrongClockMayForgetProducers: they seem to be gone for long.
func TestABrokerWithAWrongClockMayForgetProducers(t *testing.T) {
	s := newScene(t, Options{})
	s.write(0, 1, 2, 3)
	s.logs[2].ExpireProducers(math.MaxInt64 / 2)
	s.ClockSet(2)
	s.rest(2, 2, 2)
	require.Empty(t, s.Problems())
}

// TestWhatIsDeletedSaysNothingOfProducers: a replica that began behind it never knew.
func TestWhatIsDeletedSaysNothingOfProducers(t *testing.T) {
	s := newScene(t, Options{})
	s.write(0, 1, 2, 3)
	s.logs[2].ExpireProducers(math.MaxInt64 / 2)
	for _, log := range s.logs {
		require.NoError(t, log.RaiseStartOffset(2))
	}
	s.rest(2, 2, 2)
	require.Empty(t, s.Problems())
}
