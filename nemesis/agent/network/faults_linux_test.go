package network

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis/agent"
)

func TestCutHoldsBackUntilHealed(t *testing.T) {
	l := newLab(t)
	atPeer, atNode := l.connect(t)
	l.apply(t, agent.Link{Cut: true})
	_, err := atPeer.Write([]byte("x"))
	require.NoError(t, err, "a cut cable is no error to its sender")
	stats := l.awaitStats(t, func(s agent.PeerStats) bool { return s.Dropped.Packets > 0 })
	require.Greater(t, stats.Dropped.Bytes, stats.Dropped.Packets*40, "headers of IP and TCP count")
	require.NoError(t, atNode.SetReadDeadline(time.Now()))
	_, err = atNode.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "nothing came through")

	require.NoError(t, atNode.SetReadDeadline(time.Now().Add(30*time.Second)))
	l.apply(t, agent.Link{})
	_, err = io.ReadFull(atNode, make([]byte, 1))
	require.NoError(t, err, "TCP tries again by itself")
}

func TestEveryFaultIsCountedAfterItsHeal(t *testing.T) {
	l := newLab(t)
	atPeer, atNode := l.datagrams(t)
	l.apply(t, agent.Link{Cut: true})
	for range 3 {
		_, err := atPeer.Write([]byte("x"))
		require.NoError(t, err)
	}
	l.awaitStats(t, func(s agent.PeerStats) bool { return s.Dropped.Packets == 3 })
	l.apply(t, agent.Link{LossPercent: 100})
	for range 2 {
		_, err := atPeer.Write([]byte("x"))
		require.NoError(t, err)
	}
	l.awaitStats(t, func(s agent.PeerStats) bool { return s.Lost.Packets == 2 })
	l.apply(t, agent.Link{})
	_, err := atPeer.Write([]byte("y"))
	require.NoError(t, err)
	require.Equal(t, "y", string(receive(t, atNode, 1)))
	const bytes = 20 + 8 + 1 // IP, UDP, payload
	require.Equal(t, agent.PeerStats{
		Dropped: agent.Count{Packets: 3, Bytes: 3 * bytes},
		Lost:    agent.Count{Packets: 2, Bytes: 2 * bytes},
	}, l.stats(t))
}

func TestCutIsOneWay(t *testing.T) {
	l := newLab(t)
	atPeer, atNode := l.connect(t)
	l.apply(t, agent.Link{Cut: true})
	_, err := atNode.Write([]byte("x"))
	require.NoError(t, err)
	_, err = io.ReadFull(atPeer, make([]byte, 1))
	require.NoError(t, err, "the node's data still arrives at the peer")
	// Its acknowledgement does not: that is what makes one-way cuts nasty.
	l.awaitStats(t, func(s agent.PeerStats) bool { return s.Dropped.Packets > 0 })
}

func TestCutRepliesHoldsBackWhatTheNodeSends(t *testing.T) {
	l := newLab(t)
	atPeer, atNode := l.connect(t)
	l.apply(t, agent.Link{CutReplies: true})
	_, err := atPeer.Write([]byte("x"))
	require.NoError(t, err)
	_, err = io.ReadFull(atNode, make([]byte, 1))
	require.NoError(t, err, "the peer's data still arrives at the node")
	_, err = atNode.Write([]byte("y"))
	require.NoError(t, err, "the node's program sees no error")
	stats := l.awaitStats(t, func(s agent.PeerStats) bool { return s.Unsent.Packets > 0 })
	require.Zero(t, stats.Dropped)
	require.NoError(t, atPeer.SetReadDeadline(time.Now()))
	_, err = atPeer.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "nothing came through")

	require.NoError(t, atPeer.SetReadDeadline(time.Now().Add(30*time.Second)))
	l.apply(t, agent.Link{})
	_, err = io.ReadFull(atPeer, make([]byte, 1))
	require.NoError(t, err, "TCP tries again by itself")
	require.GreaterOrEqual(t, l.stats(t).Unsent.Packets, stats.Unsent.Packets, "counted after its heal")
}

func TestResetBreaksAndRefuses(t *testing.T) {
	l := newLab(t)
	atPeer, atNode := l.connect(t)
	l.apply(t, agent.Link{Reset: true})
	_, err := atPeer.Write([]byte("x"))
	require.NoError(t, err)
	_, err = atPeer.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	_, err = l.dial()
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.EqualValues(t, 2, l.stats(t).Reset.Packets)

	// The peer's answer to what the node sends on is a RST of its own.
	_, err = atNode.Write([]byte("x"))
	require.NoError(t, err)
	_, err = atNode.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)

	l.apply(t, agent.Link{})
	conn, err := l.dial()
	require.NoError(t, err)
	conn.Close()
}

func TestLossIsThatOfTheSeed(t *testing.T) {
	l := newLab(t)
	atPeer, atNode := l.datagrams(t)
	link := agent.Link{LossPercent: 40}
	l.apply(t, link)
	var want []byte
	predicted := newShape(link, 1, "n2")
	for i := range byte(200) {
		_, err := atPeer.Write([]byte{i})
		require.NoError(t, err)
		if !predicted.decide(time.Now()).lost {
			want = append(want, i)
		}
	}
	require.Equal(t, want, receive(t, atNode, len(want)))
	l.awaitStats(t, func(s agent.PeerStats) bool { return s.Lost.Packets == uint64(200-len(want)) })
}

func TestDelayHoldsBackAndHealLetsGoInOrder(t *testing.T) {
	l := newLab(t)
	atPeer, atNode := l.datagrams(t)
	l.apply(t, agent.Link{DelayMS: 60_000, JitterMS: 1000})
	for i := range byte(100) {
		_, err := atPeer.Write([]byte{i})
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return l.waiting() == 100 }, 10*time.Second, time.Millisecond)
	l.apply(t, agent.Link{})
	got := receive(t, atNode, 100)
	require.IsIncreasing(t, got)
	require.EqualValues(t, 100, l.stats(t).Delayed.Packets)
}

// The kernel drops what waits for a verdict when a hook goes away.
func TestOtherFaultsDoNotTouchWhatIsHeldBack(t *testing.T) {
	l := newLab(t)
	atPeer, atNode := l.datagrams(t)
	l.apply(t, agent.Link{DelayMS: 60_000})
	for i := range byte(100) {
		_, err := atPeer.Write([]byte{i})
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return l.waiting() == 100 }, 10*time.Second, time.Millisecond)
	state := l.faults.inForce
	for _, link := range []agent.Link{{Cut: true}, {}} {
		state.Links = map[string]agent.Link{"n2": {DelayMS: 60_000}, "n3": link}
		_, err := l.faults.Apply(state)
		require.NoError(t, err)
	}
	require.Equal(t, 100, l.waiting())
	l.apply(t, agent.Link{})
	require.Len(t, receive(t, atNode, 100), 100)
}

func (l *lab) waiting() int {
	l.faults.queue.line.mu.Lock()
	defer l.faults.queue.line.mu.Unlock()
	return len(l.faults.queue.line.waiting)
}

func TestDelayedTCPDeliversEverything(t *testing.T) {
	l := newLab(t)
	atPeer, atNode := l.connect(t)
	l.apply(t, agent.Link{DelayMS: 1, JitterMS: 3, Reorder: true, LossPercent: 1})
	const size = 4 << 20
	sent := make(chan error, 1)
	go func() {
		_, err := atPeer.Write(make([]byte, size))
		sent <- err
	}()
	n, err := io.CopyN(io.Discard, atNode, size)
	require.NoError(t, err)
	require.EqualValues(t, size, n)
	require.NoError(t, <-sent)
	require.Positive(t, l.stats(t).Delayed.Packets)
}

func TestApplyTellsWhatItDid(t *testing.T) {
	l := newLab(t)
	keys := func(ms map[string]float64) (names []string) {
		for name := range ms {
			names = append(names, name)
		}
		return names
	}
	require.ElementsMatch(t, []string{"nftables"}, keys(l.apply(t, agent.Link{Cut: true})))
	require.Empty(t, l.apply(t, agent.Link{Cut: true}), "the same twice is no change")
	require.ElementsMatch(t, []string{"nftables", "nfqueue"}, keys(l.apply(t, agent.Link{DelayMS: 1})))
	require.ElementsMatch(t, []string{"nftables", "nfqueue"}, keys(l.apply(t, agent.Link{})))
}

func TestManyRulesInOneTransaction(t *testing.T) {
	l := newLab(t)
	state := agent.State{Peers: map[string]string{}, Links: map[string]agent.Link{}}
	for i := range 250 {
		name := fmt.Sprintf("n%03d", i)
		state.Peers[name] = fmt.Sprintf("10.98.%d.%d", i/100, i%100)
		state.Links[name] = agent.Link{Cut: true}
	}
	_, err := l.faults.Apply(state)
	require.NoError(t, err)
	require.Len(t, l.rules(t), 250)
}

func (l *lab) rules(t *testing.T) []*nftables.Rule {
	t.Helper()
	conn, err := connect(int(l.node))
	require.NoError(t, err)
	rules, err := list(conn)
	require.NoError(t, err)
	return rules
}

func TestCloseRemovesOurTableAndNoOther(t *testing.T) {
	l := newLab(t)
	conn, err := connect(int(l.node))
	require.NoError(t, err)
	conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "somebody"})
	require.NoError(t, conn.Flush())
	l.apply(t, agent.Link{Cut: true})
	require.Len(t, l.rules(t), 1)
	require.NoError(t, l.faults.Close())
	tables, err := conn.ListTables()
	require.NoError(t, err)
	require.Len(t, tables, 1)
	require.Equal(t, "somebody", tables[0].Name)
}

func TestOpenRemovesWhatAnEarlierOwnerLeft(t *testing.T) {
	l := newLab(t)
	l.apply(t, agent.Link{Cut: true})
	require.Len(t, l.rules(t), 1)
	second, err := Open(int(l.node))
	require.NoError(t, err)
	require.Empty(t, l.rules(t))
	require.NoError(t, second.Close())
}

func TestCheckNamesWhatTheKernelCannot(t *testing.T) {
	no := agent.Capability{Reason: "not here"}
	yes := agent.Capability{Supported: true}
	tests := map[string]struct {
		have Capabilities
		link agent.Link
		want string
	}{
		"cut":               {Capabilities{NFTables: no}, agent.Link{Cut: true}, "links.n2.cut: not here"},
		"reset":             {Capabilities{NFTables: yes, Reject: no}, agent.Link{Reset: true}, "links.n2.reset: not here"},
		"delay":             {Capabilities{NFQueue: no, Netem: no}, agent.Link{DelayMS: 1}, "links.n2.loss, delay, jitter: not here; not here"},
		"jitter with netem": {Capabilities{NFQueue: no, Netem: yes}, agent.Link{JitterMS: 4}, "links.n2.jitter_ms 4: netem, the only way here, also reorders: allowed with reorder true"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := &Faults{capabilities: test.have}
			_, err := f.Apply(agent.State{Peers: map[string]string{"n2": peerIP}, Links: map[string]agent.Link{"n2": test.link}})
			require.EqualError(t, err, test.want)
		})
	}
}

func TestNetemOf(t *testing.T) {
	got := netemOf(agent.Link{DelayMS: 10, JitterMS: 4, LossPercent: 25})
	require.EqualValues(t, 12_000, got.Latency, "µs; netem jitters to both sides")
	require.EqualValues(t, 2_000, got.Jitter)
	require.EqualValues(t, 25, got.Loss)
}

// On a kernel with netem this is the detour's test; on another, that its
// absence is found and named, and leaves nothing behind.
func TestNetemDetour(t *testing.T) {
	l := newLab(t)
	c := l.faults.Capabilities()
	names := func() (names []string) {
		in(t, l.node, func() error {
			interfaces, err := net.Interfaces()
			for _, i := range interfaces {
				names = append(names, i.Name)
			}
			return err
		})
		return names
	}
	require.NotContains(t, names(), detourName)
	if !c.Netem.Supported {
		require.NotEmpty(t, c.Netem.Reason)
		t.Skip("SKIPPED, delay by netem: " + c.Netem.Reason)
	}
	l.faults.capabilities.NFQueue = agent.Capability{Reason: "switched off by the test"}
	atPeer, atNode := l.datagrams(t)
	l.apply(t, agent.Link{DelayMS: 5})
	require.Contains(t, names(), detourName)
	_, err := atPeer.Write([]byte("x"))
	require.NoError(t, err)
	require.Equal(t, "x", string(receive(t, atNode, 1)), "it arrives by the detour")
	l.apply(t, agent.Link{LossPercent: 100})
	_, err = atPeer.Write([]byte("y"))
	require.NoError(t, err)
	l.apply(t, agent.Link{})
	_, err = atPeer.Write([]byte("z"))
	require.NoError(t, err)
	require.Equal(t, "z", string(receive(t, atNode, 1)), "y was lost")
	require.NotContains(t, names(), detourName)
}
