package invariant

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
)

// leading is a broker that leads a partition by itself.
func leading(t *testing.T, s *scene) still {
	config := partition.Config{Self: 1, Cluster: nobody{}, LagMax: time.Second}
	p := partition.New(name, config, s.logs[1], 0)
	require.NoError(t, p.Apply(0, partition.State{Replicas: ids(1), ISR: ids(1), Leader: 1, LeaderEpoch: 0, PartitionEpoch: 1}))
	return still{1, p}
}

func TestObserveSeesRealReplicas(t *testing.T) {
	s := newScene(t, Options{})
	b := leading(t, s)
	s.Watch = New(Options{})
	s.Observe(1, b)
	for range 3 {
		_, err := b.replica.Append(0, batch(0, 0, "ab"), true)
		require.NoError(t, err)
		s.Observe(1, b)
	}
	require.Empty(t, s.Problems())
	l := s.log(logName{model.TopicID{1}, 0})
	require.Len(t, l.committed, 1, "a retry is no other batch")
	require.Equal(t, model.Offset(2), l.views[0].hw)

	s.truncate(1, 0)
	s.Observe(1, b)
	require.Contains(t, s.classes(), TruncatedBelowWatermark)
	told := len(s.Problems())
	s.Observe(1, b)
	require.Len(t, s.Problems(), told, "what follows may be a consequence")
}

func TestClientsAloneSaysNothing(t *testing.T) {
	s := newScene(t, Options{})
	b := leading(t, s)
	s.Watch = New(Options{ClientsAlone: true})
	s.Observe(1, b)
	_, err := b.replica.Append(0, batch(0, 0, "ab"), true)
	require.NoError(t, err)
	s.Observe(1, b)
	s.truncate(1, 0)
	s.Observe(1, b)
	s.Answered(1, produce(-1), produced("t", model.None, 4))
	s.Quiet([]Broker{b})
	require.Empty(t, s.Problems())
}

// TestWatchingAllocatesNothing: it happens after every step.
func TestWatchingAllocatesNothing(t *testing.T) {
	s := newScene(t, Options{})
	b := leading(t, s)
	s.Watch = New(Options{})
	s.Observe(1, b)
	var watched Broker = b
	require.Zero(t, testing.AllocsPerRun(100, func() { s.Observe(1, watched) }))
}
