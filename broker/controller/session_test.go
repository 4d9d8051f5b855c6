package controller

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// beat sends a heartbeat and waits for its answer.
func (w *world) beat(n *testNode, h Heartbeat) HeartbeatResult {
	w.t.Helper()
	var result *HeartbeatResult
	n.c.Heartbeat(w.now, h, func(r HeartbeatResult) { result = &r })
	w.drain(n)
	w.deliver()
	w.until("an answer", func() bool { return result != nil })
	return *result
}

// life registers a broker and returns the heartbeat that it sends from then on.
func (w *world) life(n *testNode, id model.NodeID, incarnation byte) Heartbeat {
	w.t.Helper()
	result := w.must(n, nextLife(n, id, incarnation))
	return Heartbeat{ID: id, Epoch: result.BrokerEpoch, AppliedIndex: result.Index}
}

func soloWorld(t *testing.T) (*world, *testNode) {
	w := newWorld(t, 1, 1)
	w.start(1)
	return w, w.nodes[1]
}

func TestABrokerIsUnfencedOnceItHasCaughtUp(t *testing.T) {
	w, n := soloWorld(t)
	require.Equal(t, HeartbeatResult{Code: model.BrokerIDNotRegistered}, w.beat(n, Heartbeat{ID: 1}))
	h := w.life(n, 1, 1)
	behind := h
	behind.AppliedIndex--
	require.Equal(t, HeartbeatResult{Fenced: true}, w.beat(n, behind))
	require.Equal(t, HeartbeatResult{CaughtUp: true}, w.beat(n, h))
	require.False(t, n.c.Image().Brokers[1].Fenced)
	index := n.c.Image().Index
	require.Equal(t, HeartbeatResult{CaughtUp: true}, w.beat(n, h))
	require.Equal(t, index, n.c.Image().Index, "a heartbeat that changes nothing must not enter the log")

	stale := h
	stale.Epoch--
	require.Equal(t, HeartbeatResult{Code: model.StaleBrokerEpoch}, w.beat(n, stale))
	h.WantFence = true
	require.Equal(t, HeartbeatResult{CaughtUp: true, Fenced: true}, w.beat(n, h))
	require.Equal(t, HeartbeatResult{CaughtUp: true, Fenced: true}, w.beat(n, h))
}

func TestHeartbeatsGoToTheActiveControllerOnly(t *testing.T) {
	w := newWorld(t, 1, 1, 2, 3)
	w.start(1, 2, 3)
	active := w.active()
	h := w.life(active, 1, 1)
	follower := w.nodes[active.id%3+1]
	require.Equal(t, HeartbeatResult{Code: model.NotController}, w.beat(follower, h))

	// An unfencing that can't be committed is answered once the office is lost.
	w.isolate(active.id)
	require.Equal(t, HeartbeatResult{Code: model.NotController}, w.beat(active, h))
}

func TestStaleBrokersAreFencedOneByOneOldestFirst(t *testing.T) {
	w, n := soloWorld(t)
	beats := map[model.NodeID]Heartbeat{}
	for id := model.NodeID(1); id <= 3; id++ {
		beats[id] = w.life(n, id, 1)
	}
	for _, id := range []model.NodeID{1, 3, 2} {
		w.beat(n, beats[id])
		w.step()
	}
	fenced := func() []model.NodeID {
		var ids []model.NodeID
		for _, id := range n.c.Image().BrokerIDs() {
			if n.c.Image().Brokers[id].Fenced {
				ids = append(ids, id)
			}
		}
		return ids
	}
	silence := w.config(1).SessionTimeout - 3*tick
	for ; silence > 0; silence -= tick {
		w.step()
		w.beat(n, beats[1])
	}
	require.Empty(t, fenced())
	w.step()
	require.Equal(t, []model.NodeID{3}, fenced())
	w.step()
	require.Equal(t, []model.NodeID{2, 3}, fenced())
	for range 20 {
		w.step()
	}
	require.Equal(t, []model.NodeID{2, 3}, fenced())
	// A fenced broker's next heartbeat brings it back.
	require.Equal(t, HeartbeatResult{CaughtUp: true}, w.beat(n, beats[2]))
}

// Two that are stale at once are still fenced in two passes.
func TestOnePassFencesOneBroker(t *testing.T) {
	w, n := soloWorld(t)
	for id := model.NodeID(1); id <= 2; id++ {
		w.beat(n, w.life(n, id, 1))
	}
	w.until("the first fencing", func() bool { return n.c.Image().Brokers[1].Fenced })
	require.False(t, n.c.Image().Brokers[2].Fenced)
	w.step()
	require.True(t, n.c.Image().Brokers[2].Fenced)
}

// While the controller's process is paused nobody can be heard, so nobody's
// session runs.
func TestAPausedControllerFencesNobody(t *testing.T) {
	w, n := soloWorld(t)
	h := w.life(n, 1, 1)
	w.beat(n, h)
	w.step()
	w.now += time.Hour
	w.step()
	require.False(t, n.c.Image().Brokers[1].Fenced)
	w.until("silence is noticed", func() bool { return n.c.Image().Brokers[1].Fenced })
}

func TestANewControllerGivesEverybodyAFullSession(t *testing.T) {
	w := newWorld(t, 2, 1, 2, 3)
	w.start(1, 2, 3)
	active := w.active()
	w.beat(active, w.life(active, 1, 1))
	for range 35 {
		w.step()
	}
	w.crash(active.id)
	next := w.active()
	since := w.now
	w.until("the broker is fenced", func() bool { return next.c.Image().Brokers[1].Fenced })
	require.GreaterOrEqual(t, w.now-since, w.config(1).SessionTimeout-tick)
}

func TestControlledShutdownWaitsUntilAllHaveSeenIt(t *testing.T) {
	w, n := soloWorld(t)
	leaving, staying := w.life(n, 1, 1), w.life(n, 2, 1)
	w.beat(n, leaving)
	w.beat(n, staying)
	w.must(n, createCommand(1, 1, 2))
	leaving.WantShutdown = true
	require.Equal(t, HeartbeatResult{CaughtUp: true}, w.beat(n, leaving))
	shutdown := n.c.Image().Index
	_, p := n.c.Image().Lookup(model.TopicPartition{Topic: "topic-1"})
	require.Equal(t, model.NodeID(2), p.Leader)
	require.Equal(t, []model.NodeID{2}, p.ISR)

	require.Equal(t, HeartbeatResult{CaughtUp: true}, w.beat(n, leaving), "broker 2 has not seen it")
	staying.AppliedIndex = shutdown - 1
	w.beat(n, staying)
	require.False(t, w.beat(n, leaving).ShouldShutDown)
	staying.AppliedIndex = shutdown
	w.beat(n, staying)
	require.Equal(t, HeartbeatResult{CaughtUp: true, Fenced: true, ShouldShutDown: true}, w.beat(n, leaving))
	require.True(t, w.beat(n, leaving).ShouldShutDown)

	// It does not come back by itself, but its next life may begin at once.
	leaving.WantShutdown = false
	require.Equal(t, HeartbeatResult{CaughtUp: true, Fenced: true}, w.beat(n, leaving))
	require.Equal(t, HeartbeatResult{CaughtUp: true}, w.beat(n, w.life(n, 1, 2)))
}

// The successor of a controller that has applied a shutdown does not know when.
func TestControlledShutdownOutlivesAFailover(t *testing.T) {
	w := newWorld(t, 3, 1, 2, 3)
	w.start(1, 2, 3)
	active := w.active()
	leaving, staying := w.life(active, 1, 1), w.life(active, 2, 1)
	w.beat(active, staying)
	w.beat(active, leaving)
	leaving.WantShutdown = true
	require.False(t, w.beat(active, leaving).ShouldShutDown)
	w.crash(active.id)
	next := w.active()
	require.False(t, w.beat(next, leaving).ShouldShutDown)
	staying.AppliedIndex = next.c.Image().Index
	w.beat(next, staying)
	require.True(t, w.beat(next, leaving).ShouldShutDown)
}

func TestABrokerThatIsFencedMayShutDownAtOnce(t *testing.T) {
	w, n := soloWorld(t)
	h := w.life(n, 1, 1)
	h.WantShutdown = true
	require.Equal(t, HeartbeatResult{CaughtUp: true, Fenced: true, ShouldShutDown: true}, w.beat(n, h))
}

// A broker that comes back before its old session has ended knocks many times a
// second: that must not fill the quorum's log.
func TestARegistrationThatIsTurnedAwayIsNotLogged(t *testing.T) {
	w, n := soloWorld(t)
	h := w.life(n, 1, 1)
	w.beat(n, h)
	index := n.c.Image().Index
	require.Equal(t, turnedAway(&RegisterBroker{ID: 1}), w.propose(n, registerCommand(1, 2)))
	require.Equal(t, index, n.c.Image().Index)

	h.WantFence = true
	w.beat(n, h)
	require.Equal(t, model.None, w.propose(n, nextLife(n, 1, 2)).Code)
}
