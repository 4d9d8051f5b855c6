package network

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// verdicts records what a line told the kernel, in order.
type verdicts struct {
	told chan verdict
}

type verdict struct {
	id     uint32
	accept bool
}

func newTestLine(t *testing.T) (*line, verdicts) {
	v := verdicts{make(chan verdict, 1000)}
	l := newLine(func(id uint32, accept bool) { v.told <- verdict{id, accept} })
	t.Cleanup(func() {
		select {
		case <-l.stopped: // by the test
		default:
			l.close()
		}
	})
	return l, v
}

func (v verdicts) next(t *testing.T) verdict {
	t.Helper()
	select {
	case got := <-v.told:
		return got
	case <-time.After(10 * time.Second):
		require.FailNow(t, "no verdict")
		return verdict{}
	}
}

func (v verdicts) none(t *testing.T) {
	t.Helper()
	require.Empty(t, v.told)
}

var source1, source2 = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")

func links(n1, n2 agent.Link) agent.State {
	return agent.State{
		Seed:  1,
		Peers: map[string]string{"n1": source1.String(), "n2": source2.String()},
		Links: map[string]agent.Link{"n1": n1, "n2": n2},
	}
}

func TestLineLosesAndCounts(t *testing.T) {
	l, v := newTestLine(t)
	l.shape(links(agent.Link{LossPercent: 100}, agent.Link{}))
	l.arrive(1, source1, 60, noon)
	l.arrive(2, source2, 60, noon)
	l.arrive(3, source1, 40, noon)
	require.Equal(t, []verdict{{1, false}, {2, true}, {3, false}}, []verdict{v.next(t), v.next(t), v.next(t)})
	require.Equal(t, map[string]agent.PeerStats{"n1": {Lost: agent.Count{Packets: 2, Bytes: 100}}}, l.stats())
}

func TestLineHoldsBackUntilDue(t *testing.T) {
	l, v := newTestLine(t)
	l.shape(links(agent.Link{DelayMS: 60_000}, agent.Link{DelayMS: 10}))
	now := time.Now()
	l.arrive(1, source1, 60, now)
	l.arrive(2, source2, 60, now)
	l.arrive(3, source2, 40, now.Add(time.Millisecond))
	require.Equal(t, verdict{2, true}, v.next(t), "the earlier due overtakes on another link")
	require.Equal(t, verdict{3, true}, v.next(t))
	require.False(t, time.Now().Before(now.Add(11*time.Millisecond)))
	v.none(t)
	l.close()
	require.Equal(t, verdict{1, true}, v.next(t))
	require.Equal(t, map[string]agent.PeerStats{
		"n1": {Delayed: agent.Count{Packets: 1, Bytes: 60}},
		"n2": {Delayed: agent.Count{Packets: 2, Bytes: 100}},
	}, l.stats())
}

func TestLineReleasesAHealedLinkInOrder(t *testing.T) {
	l, v := newTestLine(t)
	l.shape(links(agent.Link{DelayMS: 60_000}, agent.Link{DelayMS: 60_000}))
	now := time.Now()
	for id := range uint32(5) {
		l.arrive(id, source1, 60, now.Add(time.Duration(id)))
	}
	l.arrive(9, source2, 60, now)
	l.shape(links(agent.Link{}, agent.Link{DelayMS: 60_000}))
	for id := range uint32(5) {
		require.Equal(t, verdict{id, true}, v.next(t))
	}
	l.arrive(5, source1, 60, now)
	require.Equal(t, verdict{5, true}, v.next(t), "a straggler of the old rules passes")
	v.none(t)
}

func TestLineKeepsTheOrderWhenADelayShrinks(t *testing.T) {
	l, v := newTestLine(t)
	l.shape(links(agent.Link{DelayMS: 40}, agent.Link{}))
	now := time.Now()
	l.arrive(1, source1, 60, now)
	l.shape(links(agent.Link{DelayMS: 1}, agent.Link{}))
	l.arrive(2, source1, 60, now)
	require.Equal(t, verdict{1, true}, v.next(t))
	require.Equal(t, verdict{2, true}, v.next(t))
}

func TestLineLetsAPacketOvertake(t *testing.T) {
	l, v := newTestLine(t)
	l.shape(links(agent.Link{JitterMS: 20, Reorder: true}, agent.Link{}))
	now := time.Now()
	for id := range uint32(100) {
		l.arrive(id, source1, 60, now)
	}
	var order []uint32
	for range 100 {
		order = append(order, v.next(t).id)
	}
	require.False(t, slices.IsSorted(order))
	require.Positive(t, l.stats()["n1"].Reordered.Packets)
}

func TestLineKeepsTheStreamOfALinkThatStays(t *testing.T) {
	losses := func(reshape bool) (lost []uint32) {
		l, v := newTestLine(t)
		state := links(agent.Link{LossPercent: 50}, agent.Link{})
		l.shape(state)
		for id := range uint32(64) {
			if reshape && id == 32 {
				state.Links["n2"] = agent.Link{DelayMS: 5}
				l.shape(state)
			}
			l.arrive(id, source1, 60, noon)
			if !v.next(t).accept {
				lost = append(lost, id)
			}
		}
		return lost
	}
	require.Equal(t, losses(false), losses(true), "a fault of one link re-deals nothing on another")
}
