package network

import (
	"errors"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"github.com/ackproof/ackproof/nemesis/agent"
)

const (
	nodeIP = "10.99.0.1"
	peerIP = "10.99.0.2"
	port   = 9092

	nodeAddress = nodeIP + ":9092"
)

// lab is two network namespaces with a cable between them: a node, which the
// faults are in, and its peer.
type lab struct {
	node, peer netns.NsHandle
	faults     *Faults
}

// newLab needs the right to make namespaces. Without it the test is skipped,
// unless the environment says that skipping is a failure.
func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{}
	var err error
	if l.node, err = newNamespace(); errors.Is(err, syscall.EPERM) {
		unpermitted(t, "making network namespaces needs CAP_SYS_ADMIN: "+err.Error())
	}
	require.NoError(t, err)
	t.Cleanup(func() { l.node.Close() })
	l.peer, err = newNamespace()
	require.NoError(t, err)
	t.Cleanup(func() { l.peer.Close() })
	l.plug(t)
	l.faults, err = Open(int(l.node))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.faults.Close()) })
	return l
}

func unpermitted(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("ACKPROOF_REQUIRE_DOCKER") == "1" {
		require.FailNow(t, "may not be skipped, ACKPROOF_REQUIRE_DOCKER=1: "+reason)
	}
	t.Skip("SKIPPED, nothing was tested: " + reason)
}

func newNamespace() (handle netns.NsHandle, err error) {
	onThrowAwayThread(func() { handle, err = netns.New() })
	return handle, err
}

// onThrowAwayThread runs do on a thread that ends with it, so that do may leave
// the thread in another namespace.
func onThrowAwayThread(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		do()
	}()
	<-done
}

// in runs do in a namespace; sockets that it opens stay there.
func in(t *testing.T, namespace netns.NsHandle, do func() error) {
	t.Helper()
	var err error
	onThrowAwayThread(func() {
		if err = netns.Set(namespace); err == nil {
			err = do()
		}
	})
	require.NoError(t, err)
}

func (l *lab) plug(t *testing.T) {
	t.Helper()
	node, err := netlink.NewHandleAt(l.node)
	require.NoError(t, err)
	defer node.Close()
	peer, err := netlink.NewHandleAt(l.peer)
	require.NoError(t, err)
	defer peer.Close()
	require.NoError(t, node.LinkAdd(&netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: "cable"},
		PeerName:      "cable",
		PeerNamespace: netlink.NsFd(l.peer),
	}))
	for handle, ip := range map[*netlink.Handle]string{node: nodeIP, peer: peerIP} {
		link, err := handle.LinkByName("cable")
		require.NoError(t, err)
		address, err := netlink.ParseAddr(ip + "/24")
		require.NoError(t, err)
		require.NoError(t, handle.AddrAdd(link, address))
		require.NoError(t, handle.LinkSetUp(link))
	}
}

// apply brings one link's fault into force.
func (l *lab) apply(t *testing.T, link agent.Link) map[string]float64 {
	t.Helper()
	state := agent.State{
		Seed:  1,
		Peers: map[string]string{"n2": peerIP, "n3": "10.99.0.3"},
		Links: map[string]agent.Link{"n2": link},
	}
	require.NoError(t, state.Validate())
	ms, err := l.faults.Apply(state)
	require.NoError(t, err)
	return ms
}

func (l *lab) stats(t *testing.T) agent.PeerStats {
	t.Helper()
	stats, err := l.faults.Stats()
	require.NoError(t, err)
	require.Zero(t, stats["n3"], "nothing came from there")
	return stats["n2"]
}

// awaitStats waits until the counts of the peer are as wanted.
func (l *lab) awaitStats(t *testing.T, wanted func(agent.PeerStats) bool) agent.PeerStats {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		stats := l.stats(t)
		if wanted(stats) {
			return stats
		}
		require.True(t, time.Now().Before(deadline), "still %+v", stats)
	}
}

// connect opens a TCP connection from the peer to the node.
func (l *lab) connect(t *testing.T) (atPeer, atNode *net.TCPConn) {
	t.Helper()
	var listener net.Listener
	in(t, l.node, func() (err error) {
		listener, err = net.Listen("tcp4", nodeAddress)
		return err
	})
	t.Cleanup(func() { listener.Close() })
	conn, err := l.dial()
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	accepted, err := listener.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { accepted.Close() })
	for _, c := range []net.Conn{conn, accepted} {
		require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
	}
	return conn.(*net.TCPConn), accepted.(*net.TCPConn)
}

func (l *lab) dial() (conn net.Conn, err error) {
	onThrowAwayThread(func() {
		if err = netns.Set(l.peer); err == nil {
			// Dialling two addresses at a time would start threads elsewhere.
			dialer := net.Dialer{Timeout: 10 * time.Second, FallbackDelay: -1}
			conn, err = dialer.Dial("tcp4", nodeAddress)
		}
	})
	return conn, err
}

// datagrams opens a UDP socket at the node and one at the peer that sends to it.
func (l *lab) datagrams(t *testing.T) (atPeer, atNode net.Conn) {
	t.Helper()
	in(t, l.node, func() (err error) {
		atNode, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(nodeIP), Port: port})
		return err
	})
	t.Cleanup(func() { atNode.Close() })
	in(t, l.peer, func() (err error) {
		atPeer, err = net.Dial("udp4", nodeAddress)
		return err
	})
	t.Cleanup(func() { atPeer.Close() })
	require.NoError(t, atNode.SetDeadline(time.Now().Add(30*time.Second)))
	return atPeer, atNode
}

// receive reads n datagrams of a byte each.
func receive(t *testing.T, conn net.Conn, n int) []byte {
	t.Helper()
	got := make([]byte, n)
	for i := range got {
		_, err := conn.Read(got[i : i+1])
		require.NoError(t, err)
	}
	return got
}
