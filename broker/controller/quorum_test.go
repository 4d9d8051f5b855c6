package controller

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/ackproof/ackproof/broker/model"
)

func TestASingleNodeElectsItselfAtOnce(t *testing.T) {
	w := newWorld(t, 1, 7)
	w.start(7)
	n := w.nodes[7]
	require.True(t, n.c.Active())
	require.Equal(t, model.NodeID(7), n.c.Leader())
	w.register(n, 7)
	w.crash(7)
	w.start(7)
	require.True(t, n.c.Active())
	require.False(t, n.c.Image().Brokers[7].Fenced)
}

func TestNodeZeroIsANodeLikeOthers(t *testing.T) {
	w := newWorld(t, 1, 0, 1, 2)
	w.start(0, 1, 2)
	require.Equal(t, model.NoNode, w.nodes[0].c.Leader())
	active := w.active()
	w.settle()
	for _, id := range w.voters {
		require.Equal(t, active.id, w.nodes[id].c.Leader())
	}
}

func TestFailoverKeepsWhatWasAnswered(t *testing.T) {
	w := newWorld(t, 2, 1, 2, 3)
	w.start(1, 2, 3)
	for round := range byte(6) {
		active := w.active()
		w.register(active, 1)
		for n := range byte(3) {
			w.must(active, createCommand(10*round+n, 1))
		}
		w.must(active, Command{BrokerStateChange: &BrokerStateChange{ID: 1, Epoch: active.c.Image().Brokers[1].Epoch, To: Fence}})
		w.crash(active.id)
		next := w.active()
		require.NotEqual(t, active.id, next.id)
		require.Len(t, next.c.Image().Topics, 3*int(round+1))
		w.start(active.id)
	}
	w.settle()
}

// An isolated leader goes on believing for a while. What it is asked then must
// not be answered with success, and its term's successor must not see it.
func TestAnIsolatedControllerAnswersNothingButNotController(t *testing.T) {
	w := newWorld(t, 3, 1, 2, 3)
	w.start(1, 2, 3)
	old := w.active()
	w.isolate(old.id)
	require.True(t, old.c.Active())
	result := w.propose(old, registerCommand(9, 1))
	require.Equal(t, model.NotController, result.Code)
	require.Zero(t, result.Index)
	require.False(t, old.c.Active())

	next := w.active()
	require.NotEqual(t, old.id, next.id)
	require.NotContains(t, next.c.Image().Brokers, model.NodeID(9))
	require.Equal(t, model.NotController, w.propose(old, registerCommand(9, 1)).Code)
	w.heal()
	w.settle()
	require.Equal(t, next.id, old.c.Leader())
}

// A new leader serves only once everything of earlier terms is applied.
func TestActivationWaitsForTheBarrier(t *testing.T) {
	w := newWorld(t, 4, 1, 2, 3)
	w.start(1, 2, 3)
	w.slowSync = true
	sawLeaderWithoutOffice := false
	w.until("an active controller", func() bool {
		for _, id := range w.voters {
			n := w.nodes[id]
			if n.c.Active() {
				return true
			}
			if n.c.Leader() == id {
				sawLeaderWithoutOffice = true
				result := Result{}
				n.c.Propose(w.now, registerCommand(1, 1), func(r Result) { result = r })
				require.Equal(t, model.NotController, result.Code)
			}
			w.sync(n)
			w.drain(n)
		}
		return false
	})
	require.True(t, sawLeaderWithoutOffice)
}

func TestNothingIsSentBeforeTheLogIsDurable(t *testing.T) {
	w := newWorld(t, 5, 1, 2, 3)
	w.start(1, 2, 3)
	active := w.active()
	w.slowSync = true
	answered := false
	active.c.Propose(w.now, registerCommand(1, 1), func(Result) { answered = true })
	out := active.c.Poll()
	require.NotNil(t, out.Sync)
	require.Empty(t, out.Messages)
	require.False(t, out.More)
	require.Zero(t, active.c.Poll().Messages)

	active.c.Synced(out.Sync.ID+1, nil)
	require.Empty(t, active.c.Poll().Messages)
	active.c.Synced(out.Sync.ID, nil)
	require.NotEmpty(t, active.c.Poll().Messages)
	require.False(t, answered)
}

func TestAFailedSyncEndsTheNode(t *testing.T) {
	w := newWorld(t, 6, 1)
	w.start(1)
	n := w.nodes[1]
	var result Result
	n.c.Propose(w.now, registerCommand(1, 1), func(r Result) { result = r })
	out := n.c.Poll()
	n.c.Synced(out.Sync.ID, errTest)
	out = n.c.Poll()
	require.ErrorIs(t, out.Err, errTest)
	require.False(t, out.More)
	require.Equal(t, model.NotController, result.Code)
	require.False(t, n.c.Active())
	require.Equal(t, model.NoNode, n.c.Leader())
	require.ErrorIs(t, n.c.Receive(nil), errTest)
	n.c.Tick(time.Hour)
	require.ErrorIs(t, n.c.Poll().Err, errTest)
}

// A node that lost its disk has promised what it can't keep.
func TestAWipedNodeStopsWithAnError(t *testing.T) {
	w := newWorld(t, 7, 1, 2, 3)
	w.start(1, 2, 3)
	active := w.active()
	w.register(active, 1)
	w.settle()
	wiped := w.nodes[active.id%3+1]
	require.NoError(t, wiped.fs.RemoveAll("data"))
	c, err := Open(w.config(wiped.id))
	require.NoError(t, err)
	wiped.c = nil
	var refusal error
	for range 100 {
		active.c.Tick(w.now)
		w.now += tick
		for _, m := range active.c.Poll().Messages {
			if m.To == wiped.id && refusal == nil {
				refusal = c.Receive(m.Payload)
			}
		}
		if refusal != nil {
			break
		}
	}
	require.ErrorIs(t, refusal, ErrLogLost)
	require.ErrorIs(t, c.Poll().Err, ErrLogLost)
}

// Two of three lose their disks and elect one of them: the third has committed
// what the new leader has never seen. The leader stops, instead of offering it
// the same empty snapshot for ever.
func TestAWipedMajorityStopsWithAnError(t *testing.T) {
	w := newWorld(t, 13, 1, 2, 3)
	w.start(1, 2, 3)
	w.register(w.active(), 1)
	w.settle()
	w.crash(3)
	for _, id := range []model.NodeID{1, 2} {
		w.crash(id)
		require.NoError(t, w.nodes[id].fs.RemoveAll("data"))
	}
	clear(w.leaders) // the terms begin anew, and so do the indexes
	clear(w.images)
	w.start(1, 2)
	leader := w.active()
	w.start(3)
	var refusal error
	for messages := 0; refusal == nil; messages++ {
		require.Less(t, messages, 10_000)
		w.now += tick
		for _, id := range w.voters {
			w.nodes[id].c.Tick(w.now)
			w.drain(w.nodes[id])
		}
		sent := w.network
		w.network = nil
		for _, e := range sent {
			if err := w.nodes[e.to].c.Receive(e.payload); err != nil {
				require.Equal(t, leader.id, e.to)
				refusal = err
				break
			}
		}
	}
	require.ErrorIs(t, refusal, ErrLogLost)
}

func TestALaggingNodeGetsASnapshot(t *testing.T) {
	w := newWorld(t, 8, 1, 2, 3)
	w.adjust = func(cfg *Config) { cfg.SnapshotEvery = 10 }
	w.start(1, 2, 3)
	active := w.active()
	w.register(active, 1)
	w.must(active, createCommand(1, 1))
	w.must(active, createCommand(2, 1))
	w.settle()
	lagging := w.nodes[active.id%3+1]
	w.isolate(lagging.id)
	lagging.changes = Changes{}
	w.must(active, Command{DeleteTopic: &DeleteTopic{Name: "topic-1"}})
	for n := range byte(40) {
		w.must(active, createCommand(10+n, 1))
	}
	seen := lagging.c.Image().Index
	first, err := active.c.memory.FirstIndex()
	require.NoError(t, err)
	require.Greater(t, first, seen, "the log still reaches back to where the node is")

	w.heal()
	w.settle()
	require.Len(t, lagging.c.Image().Topics, 41)
	lagging.changes.settle(lagging.c.Image())
	require.Equal(t, []DeletedTopic{{Name: "topic-1", ID: model.TopicID{1, 1}, Partitions: 1}}, lagging.changes.Deleted)
	require.Len(t, lagging.changes.Changed, 40)

	w.crash(lagging.id)
	w.start(lagging.id)
	require.Len(t, lagging.c.Image().Topics, 41)
	w.settle()
}

func TestPeersAreNotTrusted(t *testing.T) {
	w := newWorld(t, 9, 1, 2, 3)
	w.start(1)
	message := func(kind pb.MessageType, from, to uint64) []byte {
		payload, err := marshal(&pb.Message{Type: kind.Enum(), From: new(from), To: new(to), Term: new(uint64(9))})
		require.NoError(t, err)
		return payload
	}
	for name, payload := range map[string][]byte{
		"no message at all":        []byte("GET / HTTP/1.1"),
		"empty":                    nil,
		"a proposal":               message(pb.MsgProp, 3, 2),
		"a local message":          message(pb.MsgHup, 3, 2),
		"a local storage response": message(pb.MsgStorageAppendResp, raft.LocalAppendThread, 2),
		"from a stranger":          message(pb.MsgHeartbeat, 9, 2),
		"from itself":              message(pb.MsgHeartbeat, 2, 2),
		"for another node":         message(pb.MsgHeartbeat, 3, 4),
	} {
		require.Error(t, w.nodes[1].c.Receive(payload), name)
	}
	require.EqualValues(t, 1, w.nodes[1].term())
	require.NoError(t, w.nodes[1].c.Receive(message(pb.MsgHeartbeat, 3, 2)))
	require.EqualValues(t, 9, w.nodes[1].term())
}

func TestProposalsAreAnsweredInOrder(t *testing.T) {
	w := newWorld(t, 10, 1, 2, 3)
	w.start(1, 2, 3)
	active := w.active()
	epoch := w.must(active, registerCommand(1, 1)).BrokerEpoch
	var order []int64
	for range 20 {
		cmd := Command{AllocateProducerIDs: &AllocateProducerIDs{ID: 1, Epoch: epoch, Count: 1}}
		active.c.Propose(w.now, cmd, func(r Result) { order = append(order, r.FirstProducerID) })
	}
	w.until("all answered", func() bool { return len(order) == 20 })
	for i, first := range order {
		require.EqualValues(t, i, first)
	}
}

func TestConfigIsChecked(t *testing.T) {
	w := newWorld(t, 11, 1)
	for want, spoil := range map[string]func(*Config){
		"must contain this node, 2":       func(c *Config) { c.Self = 2 },
		"distinct ids of at least 0":      func(c *Config) { c.Voters = []model.NodeID{1, 1} },
		"voters [1 -1]":                   func(c *Config) { c.Voters = []model.NodeID{1, -1} },
		"tick interval 0s":                func(c *Config) { c.TickInterval = 0 },
		"session timeout -1ns":            func(c *Config) { c.SessionTimeout = -1 },
		"rebalance interval -1ns":         func(c *Config) { c.RebalanceInterval = -1 },
		"snapshot every 0":                func(c *Config) { c.SnapshotEvery = 0 },
		`unknown config name "no"`:        func(c *Config) { c.Defaults = map[string]string{"no": "1"} },
		`invalid value "x" for`:           func(c *Config) { c.Defaults = map[string]string{MinInSyncReplicas: "x"} },
		"voters [1 2]: the metadata was ": func(c *Config) { c.Voters = []model.NodeID{1, 2} },
	} {
		w.start(1)
		cfg := w.config(1)
		spoil(&cfg)
		_, err := Open(cfg)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "controller: ")
	}
}

func TestTicksComeAtTheirTime(t *testing.T) {
	w := newWorld(t, 12, 1, 2, 3)
	w.start(1)
	c := w.nodes[1].c
	require.Zero(t, c.NextTick())
	c.Tick(tick)
	require.Equal(t, 2*tick, c.NextTick())
	for range 1000 {
		c.Tick(2*tick - 1)
	}
	require.False(t, c.Poll().More, "time stood still")
	require.Equal(t, 2*tick, c.NextTick())
	c.Tick(2*tick + tick/2)
	require.Equal(t, 3*tick, c.NextTick(), "a late tick does not shift the next one")
	c.Tick(9 * tick)
	require.Equal(t, 10*tick, c.NextTick(), "missed ticks are not made up for")
}

// TestChaos crashes, tears, cuts and loses at random, while clients create
// topics and take producer ids. world checks at every poll that no term has two
// active controllers and no index two images; the end checks that whatever was
// answered is there.
func TestChaos(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { chaos(t, seed, 300) })
	}
}

func TestEqualInputsGiveEqualOutputs(t *testing.T) {
	require.Equal(t, chaos(t, 42, 150), chaos(t, 42, 150))
	require.NotEqual(t, chaos(t, 42, 150), chaos(t, 43, 150))
}

func chaos(t *testing.T, seed uint64, steps int) string {
	w := newWorld(t, seed, 1, 2, 3)
	w.adjust = func(cfg *Config) { cfg.SnapshotEvery = 25 }
	w.start(1, 2, 3)
	created := map[string]bool{}
	blocks := map[int64]bool{}
	for n := range steps {
		w.disturb()
		for _, id := range w.voters {
			node := w.nodes[id]
			if node.c == nil || !node.c.Active() {
				continue
			}
			node.c.Propose(w.now, registerCommand(id, 1), func(Result) {})
			if n%10 == 0 {
				name := fmt.Sprintf("t%d-%d", n, id)
				create := &CreateTopic{Name: name, ID: model.TopicID{byte(n), byte(n >> 8), byte(id)}, Replicas: [][]model.NodeID{{id}}}
				node.c.Propose(w.now, Command{CreateTopic: create}, func(r Result) { created[name] = r.Code == model.None })
			}
			broker := node.c.Image().Brokers[id]
			if broker == nil {
				continue
			}
			change := &BrokerStateChange{ID: id, Epoch: broker.Epoch, To: Unfence}
			node.c.Propose(w.now, Command{BrokerStateChange: change}, func(Result) {})
			take := &AllocateProducerIDs{ID: id, Epoch: broker.Epoch, Count: 10}
			node.c.Propose(w.now, Command{AllocateProducerIDs: take}, func(r Result) {
				if r.Code == model.None {
					require.False(t, blocks[r.FirstProducerID], "block %d was handed out twice", r.FirstProducerID)
					blocks[r.FirstProducerID] = true
				}
			})
		}
		w.step()
	}
	w.heal()
	for _, id := range w.voters {
		if w.nodes[id].c == nil {
			w.start(id)
		}
	}
	w.active()
	w.settle()
	for name, ok := range created {
		if ok {
			require.Contains(t, w.nodes[1].c.Image().Topics, name)
		}
	}
	require.Greater(t, len(blocks), steps/10, "the run did no work")
	require.Greater(t, len(w.leaders), 1, "the faults did not bite")
	return fmt.Sprintf("%x", w.events.Sum(nil))
}

// disturb does something bad with a small probability.
func (w *world) disturb() {
	victim := w.nodes[w.voters[w.random.IntN(len(w.voters))]]
	switch dice := w.random.IntN(100); {
	case dice < 3 && victim.c != nil:
		w.crash(victim.id)
	case dice < 5 && victim.c != nil:
		// Lose power between the write and its sync.
		w.slowSync = true
		w.drain(victim)
		w.slowSync = false
		w.tear(victim.id)
	case dice < 7:
		w.isolate(victim.id)
	case dice < 9:
		w.lossy = 0.1
	case dice < 20:
		w.heal()
	case dice < 50 && victim.c == nil:
		w.start(victim.id)
	}
}
