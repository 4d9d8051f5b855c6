package server

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/wire"
)

// wireTo makes dials of a dialer succeed or fail as the test wants, and notes
// when they were.
type wireTo struct {
	mu      sync.Mutex
	refuse  error
	dials   []time.Time
	remotes []*remote
}

func (p *wireTo) setRefuse(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = err
}

// dialled gives the times of the dials so far.
func (p *wireTo) dialled() []time.Time {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.dials)
}

// remote gives the other end of the nth connection.
func (p *wireTo) remote(n int) *remote {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.remotes[n]
}

func (p *wireTo) connect(context.Context) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dials = append(p.dials, time.Now())
	if p.refuse != nil {
		return nil, p.refuse
	}
	ours, theirs := net.Pipe()
	p.remotes = append(p.remotes, newRemote(theirs))
	return ours, nil
}

// peerWorld is a world in which node 2 can be dialled.
func peerWorld(t *testing.T, test func(w *world, peer *wireTo)) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		synctest.Wait()
		peer := &wireTo{}
		w.driver.peers[2].lanes[broker.ControlLane].dialer.connect = peer.connect
		w.driver.peers[2].raft.dialer.connect = peer.connect
		test(w, peer)
	})
}

func toPeer(token uint64, timeout time.Duration) broker.Send {
	return broker.Send{To: 2, Lane: broker.ControlLane, Token: token, Request: metadataRequest(), Timeout: timeout}
}

// respond answers a request that the peer has got.
func (r *remote) respond(t *testing.T, frame []byte) {
	h, request, err := wire.DecodeRequest(frame, true)
	require.NoError(t, err)
	r.write(wire.AppendResponse(nil, h.CorrelationID, request.ResponseKind()))
}

func tokens(responses []broker.PeerResponse) (ok, failed []uint64) {
	for _, r := range responses {
		if r.Err == nil {
			ok = append(ok, r.Token)
		} else {
			failed = append(failed, r.Token)
		}
	}
	return ok, failed
}

func TestPeerResponsesAreMatchedToRequests(t *testing.T) {
	peerWorld(t, func(w *world, peer *wireTo) {
		require.Empty(t, peer.dialled(), "dialled on demand")
		w.do(toPeer(1, time.Minute), toPeer(2, time.Minute))
		w.do(toPeer(3, time.Minute))
		require.Len(t, peer.dialled(), 1)
		frames := peer.remote(0).received()
		require.Len(t, frames, 3)
		h, request, err := wire.DecodeRequest(frames[0], true)
		require.NoError(t, err)
		require.Equal(t, "broker-1", h.ClientID)
		require.Equal(t, metadataRequest(), request)

		peer.remote(0).respond(t, frames[2])
		peer.remote(0).respond(t, frames[0])
		ok, failed := tokens(inputs[broker.PeerResponse](w))
		require.Equal(t, []uint64{3, 1}, ok)
		require.Empty(t, failed)
		require.IsType(t, &kmsg.MetadataResponse{}, inputs[broker.PeerResponse](w)[0].Response)
	})
}

func TestPeerTimeoutFailsEveryOpenRequest(t *testing.T) {
	peerWorld(t, func(w *world, peer *wireTo) {
		w.do(toPeer(1, time.Minute))
		w.do(toPeer(2, 2*time.Second))
		time.Sleep(2*time.Second - time.Nanosecond)
		synctest.Wait()
		require.Empty(t, inputs[broker.PeerResponse](w))
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		ok, failed := tokens(inputs[broker.PeerResponse](w))
		require.Empty(t, ok)
		require.ElementsMatch(t, []uint64{1, 2}, failed)
		require.ErrorIs(t, inputs[broker.PeerResponse](w)[0].Err, errPeerTimeout)
		require.Error(t, peer.remote(0).closed())
	})
}

func TestAnsweredRequestDoesNotTimeOut(t *testing.T) {
	peerWorld(t, func(w *world, peer *wireTo) {
		w.do(toPeer(1, time.Second))
		peer.remote(0).respond(t, peer.remote(0).received()[0])
		time.Sleep(time.Hour)
		w.do(toPeer(2, time.Second))
		require.Len(t, peer.dialled(), 1, "the idle connection is still good")
		require.Len(t, peer.remote(0).received(), 2)
	})
}

func TestLostConnectionFailsItsRequestsAndIsDialledAgain(t *testing.T) {
	peerWorld(t, func(w *world, peer *wireTo) {
		w.do(toPeer(1, time.Minute))
		peer.remote(0).respond(t, peer.remote(0).received()[0])
		w.do(toPeer(2, time.Minute))
		require.NoError(t, peer.remote(0).net.Close())
		synctest.Wait()
		require.ErrorIs(t, inputs[broker.PeerResponse](w)[1].Err, errPeerHungUp)
		w.do(toPeer(3, time.Minute))
		require.Len(t, peer.dialled(), 2, "at once, as the connection had worked")
		peer.remote(1).respond(t, peer.remote(1).received()[0])
		ok, failed := tokens(inputs[broker.PeerResponse](w))
		require.Equal(t, []uint64{1, 3}, ok)
		require.Equal(t, []uint64{2}, failed)
	})
}

func TestRequestOfAnEndedSessionFails(t *testing.T) {
	var got []broker.Input
	l := &lane{submit: func(in broker.Input) { got = append(got, in) }}
	s := &session{lane: l, err: errPeerHungUp}
	require.ErrorIs(t, s.transmit([]outbound{{Send: toPeer(7, time.Minute)}}), errPeerHungUp)
	require.Equal(t, []broker.Input{broker.PeerResponse{Token: 7, Err: errPeerHungUp}}, got)
}

func TestGarbageFromAPeerFailsItsRequests(t *testing.T) {
	for name, garbage := range map[string][]byte{
		"no correlation id": {0, 0, 0, 1, 0},
		"nobody asked":      {0, 0, 0, 4, 0, 0, 0, 99},
		"no such response":  {0, 0, 0, 5, 0, 0, 0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			peerWorld(t, func(w *world, peer *wireTo) {
				w.do(toPeer(1, time.Minute))
				peer.remote(0).write(garbage)
				responses := inputs[broker.PeerResponse](w)
				require.Len(t, responses, 1)
				require.ErrorIs(t, responses[0].Err, wire.ErrMalformed)
				require.Error(t, peer.remote(0).closed())
			})
		})
	}
}

func TestUnreachablePeerIsDialledWithBackoff(t *testing.T) {
	peerWorld(t, func(w *world, peer *wireTo) {
		peer.setRefuse(errors.New("connection refused"))
		began := time.Now()
		var after []time.Duration
		for token := range uint64(6) {
			w.do(toPeer(token, time.Minute))
			time.Sleep(maxDialBackoff)
			synctest.Wait()
			_, failed := tokens(inputs[broker.PeerResponse](w))
			require.Len(t, failed, int(token)+1)
			after = append(after, peer.dialled()[token].Sub(began)-time.Duration(token)*maxDialBackoff)
		}
		require.Equal(t, []time.Duration{
			0, 50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 500 * time.Millisecond,
		}, after)

		peer.setRefuse(nil)
		w.do(toPeer(10, time.Minute))
		time.Sleep(maxDialBackoff)
		require.Len(t, peer.remote(0).received(), 1)
	})
}

func TestPeerThatHangsUpAtOnceIsDialledWithBackoff(t *testing.T) {
	peerWorld(t, func(w *world, peer *wireTo) {
		w.do(toPeer(1, time.Minute))
		require.NoError(t, peer.remote(0).net.Close())
		w.do(toPeer(2, time.Minute))
		require.Len(t, peer.dialled(), 1)
		time.Sleep(minDialBackoff)
		require.Len(t, peer.dialled(), 2)
	})
}

func TestRaftMessagesKeepTheirOrder(t *testing.T) {
	peerWorld(t, func(w *world, peer *wireTo) {
		w.do(broker.SendRaft{To: 2, Payload: []byte("a")}, broker.SendRaft{To: 2, Payload: []byte("b")})
		w.do(broker.SendRaft{To: 2, Payload: []byte("c")})
		require.Equal(t, []string{"a", "b", "c"}, raftPayloads(t, peer.remote(0)))
	})
}

func TestRaftMessagesToAnUnreachablePeerAreLost(t *testing.T) {
	peerWorld(t, func(w *world, peer *wireTo) {
		peer.setRefuse(errors.New("connection refused"))
		w.do(broker.SendRaft{To: 2, Payload: []byte("lost")})
		peer.setRefuse(nil)
		w.do(broker.SendRaft{To: 2, Payload: []byte("kept")})
		time.Sleep(minDialBackoff)
		require.Equal(t, []string{"kept"}, raftPayloads(t, peer.remote(0)))

		require.NoError(t, peer.remote(0).net.Close())
		synctest.Wait()
		w.do(broker.SendRaft{To: 2, Payload: []byte("on a new connection")})
		time.Sleep(maxDialBackoff)
		require.Equal(t, []string{"on a new connection"}, raftPayloads(t, peer.remote(1)))
	})
}

func TestRaftQueueIsBounded(t *testing.T) {
	l := newRaftLink("", "broker-1", nil)
	for range raftQueue + 10 {
		l.send([]byte("m"))
	}
	require.Len(t, l.take(), raftQueue)
	require.Empty(t, l.take())
}

func raftPayloads(t *testing.T, r *remote) []string {
	var texts []string
	for _, frame := range r.received() {
		payload, ok := wire.RaftPayload(frame)
		require.True(t, ok)
		texts = append(texts, string(payload))
	}
	return texts
}
