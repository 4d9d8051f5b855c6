package controller

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// displaced is a world in which broker 2 leads what broker 1 is preferred for.
func displaced(t *testing.T, interval time.Duration) (*world, *testNode, func()) {
	w := newWorld(t, 1, 1)
	w.adjust = func(cfg *Config) { cfg.RebalanceInterval = interval }
	w.start(1)
	n := w.nodes[1]
	one, two := w.life(n, 1, 1), w.life(n, 2, 1)
	beat := func() {
		w.beat(n, one)
		w.beat(n, two)
		w.step()
	}
	beat()
	w.must(n, createCommand(1, 1, 2))
	w.must(n, createCommand(2, 2, 1))
	w.must(n, Command{BrokerStateChange: &BrokerStateChange{ID: 1, Epoch: one.Epoch, To: Fence}})
	beat()
	return w, n, beat
}

func leaderOf(n *testNode, topic string) model.NodeID {
	_, p := n.c.Image().Lookup(model.TopicPartition{Topic: topic})
	return p.Leader
}

func joinISR(w *world, n *testNode, topic string) {
	_, p := n.c.Image().Lookup(model.TopicPartition{Topic: topic})
	w.must(n, Command{AlterPartition: &AlterPartition{
		TopicID: n.c.Image().Topics[topic].ID, Leader: p.Leader, BrokerEpoch: n.c.Image().Brokers[p.Leader].Epoch,
		LeaderEpoch: p.LeaderEpoch, PartitionEpoch: p.PartitionEpoch,
		ISR: []ISRMember{{ID: 1, Epoch: model.NoBrokerEpoch}, {ID: 2, Epoch: model.NoBrokerEpoch}},
	}})
}

func TestThePreferredReplicaGetsItsLeadershipBack(t *testing.T) {
	const interval = 20 * tick
	w, n, beat := displaced(t, interval)
	for until := w.now + 2*interval; w.now < until; {
		beat()
	}
	require.Equal(t, model.NodeID(2), leaderOf(n, "topic-1"), "broker 1 is out of sync")
	joinISR(w, n, "topic-1")
	joinISR(w, n, "topic-2")
	_, untouched := n.c.Image().Lookup(model.TopicPartition{Topic: "topic-2"})
	for until := w.now + 2*interval; w.now < until; {
		beat()
	}
	require.Equal(t, model.NodeID(1), leaderOf(n, "topic-1"))
	_, now := n.c.Image().Lookup(model.TopicPartition{Topic: "topic-2"})
	require.Same(t, untouched, now)
}

func TestBalancingCanBeOff(t *testing.T) {
	w, n, beat := displaced(t, 0)
	joinISR(w, n, "topic-1")
	for range 100 {
		beat()
	}
	require.Equal(t, model.NodeID(2), leaderOf(n, "topic-1"))
}
