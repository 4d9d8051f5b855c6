package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

// wires are the links of two nodes, with the nodes' ends in the test's hands.
type wires struct {
	*proxies
	listeners map[int]net.Listener
}

func newWires(t *testing.T) *wires {
	t.Helper()
	w := &wires{listeners: map[int]net.Listener{}}
	for node := 1; node <= 2; node++ {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { l.Close() })
		w.listeners[node] = l
	}
	where := func(node int) string { return w.listeners[node].Addr().String() }
	var err error
	w.proxies, err = openProxies(2, where, where)
	require.NoError(t, err)
	t.Cleanup(w.close)
	return w
}

// dial opens a connection through a link that waits for its far end.
func (w *wires) dial(t *testing.T, from, to nemesis.Endpoint) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", w.address(from, to))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

// refusal is the error of a new connection that is broken at once: of what is read
// from it, or of the dial, if that takes longer.
func (w *wires) refusal(from, to nemesis.Endpoint) error {
	conn, err := net.Dial("tcp", w.address(from, to))
	if err == nil {
		defer conn.Close()
		_, err = conn.Read(make([]byte, 1))
	}
	return err
}

func (w *wires) accept(t *testing.T, node int) *net.TCPConn {
	t.Helper()
	conn, err := w.listeners[node].Accept()
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

func (w *wires) connect(t *testing.T, from, to nemesis.Endpoint) (dialler, target *net.TCPConn) {
	t.Helper()
	dialler = w.dial(t, from, to)
	return dialler, w.accept(t, int(to))
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
}

func expect(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	got := make([]byte, len(text))
	_, err := io.ReadFull(conn, got)
	require.NoError(t, err)
	require.Equal(t, text, string(got))
}

func (w *wires) awaitHeld(t *testing.T, way nemesis.Link, bytes int64) {
	t.Helper()
	eventually(t, "held back", func() bool { return w.stats()[way].Held >= bytes })
}

var (
	oneToTwo = nemesis.Link{From: 1, To: 2}
	twoToOne = nemesis.Link{From: 2, To: 1}
	cut      = nemesis.LinkState{Cut: true}
)

func TestCutHoldsOneDirectionOfThePair(t *testing.T) {
	tests := map[string]struct{ dialler, target nemesis.Endpoint }{
		"requests of the cut direction":  {1, 2},
		"responses of the cut direction": {2, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWires(t)
			dialler, target := w.connect(t, test.dialler, test.target)
			one, two := dialler, target
			if test.dialler == 2 {
				one, two = target, dialler
			}
			send(t, one, "before ")
			expect(t, two, "before ")
			delivered := int64(len("before "))
			// The count follows the bytes: it may not be there when they are.
			eventually(t, "count of the delivered", func() bool { return w.stats()[oneToTwo].Bytes == delivered })

			require.NoError(t, w.set(nemesis.Links{oneToTwo: cut}))
			send(t, one, "held ")
			w.awaitHeld(t, oneToTwo, 5)
			send(t, two, "flows")
			expect(t, one, "flows")
			send(t, one, "back")
			require.Equal(t, delivered, w.stats()[oneToTwo].Bytes)
			require.Zero(t, w.stats()[twoToOne].Held)

			require.NoError(t, w.set(nil))
			expect(t, two, "held back")
		})
	}
}

func TestCutHoldsNewConnections(t *testing.T) {
	for name, way := range map[string]nemesis.Link{"there": oneToTwo, "and back": twoToOne} {
		t.Run(name, func(t *testing.T) {
			w := newWires(t)
			require.NoError(t, w.set(nemesis.Links{way: cut}))
			send(t, w.dial(t, 1, 2), "hello")
			w.awaitHeld(t, way, 1)
			// Clients' link is healthy, and their connection comes first.
			client, target := w.connect(t, nemesis.Clients, 2)
			send(t, client, "client")
			expect(t, target, "client")

			require.NoError(t, w.set(nil))
			expect(t, w.accept(t, 2), "hello")
		})
	}
}

func TestCutHoldsTheEndToo(t *testing.T) {
	w := newWires(t)
	dialler, target := w.connect(t, 1, 2)
	require.NoError(t, w.set(nemesis.Links{oneToTwo: cut}))
	send(t, dialler, "last words")
	require.NoError(t, dialler.Close())
	w.awaitHeld(t, oneToTwo, int64(len("last words")))
	require.NoError(t, w.set(nil))
	all, err := io.ReadAll(target)
	require.NoError(t, err)
	require.Equal(t, "last words", string(all))
}

func TestBytesArriveInOrderThroughCutsAndDelays(t *testing.T) {
	w := newWires(t)
	dialler, target := w.connect(t, 1, 2)
	sent := make([]byte, 8<<20)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(sent)
	go func() {
		dialler.Write(sent)
		dialler.CloseWrite()
	}()
	states := []nemesis.LinkState{cut, {}, {Delay: 1}, cut, {Delay: 3}, {}}
	got := make([]byte, 0, len(sent))
	for part := make([]byte, 200<<10); ; {
		state := states[0]
		states = append(states[1:], state)
		require.NoError(t, w.set(nemesis.Links{oneToTwo: state}))
		require.NoError(t, w.set(nemesis.Links{oneToTwo: {Delay: state.Delay}})) // a cut is healed at once
		n, err := target.Read(part)
		got = append(got, part[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	require.True(t, bytes.Equal(sent, got))
	require.EqualValues(t, len(sent), w.stats()[oneToTwo].Bytes)
}

func TestDelayShiftsBytes(t *testing.T) {
	w := newWires(t)
	dialler, target := w.connect(t, 1, 2)
	const delay = 100 * time.Millisecond
	require.NoError(t, w.set(nemesis.Links{oneToTwo: {Delay: nemesis.Millis(delay.Milliseconds())}}))
	start := time.Now()
	send(t, dialler, "slow ")
	expect(t, target, "slow ")
	require.GreaterOrEqual(t, time.Since(start), delay)

	send(t, dialler, "first ")
	require.NoError(t, w.set(nil))
	send(t, dialler, "second")
	expect(t, target, "first second")
}

func TestJitterKeepsTheOrder(t *testing.T) {
	w := newWires(t)
	dialler, target := w.connect(t, 1, 2)
	require.NoError(t, w.set(nemesis.Links{oneToTwo: {Jitter: 20}}))
	var all string
	for i := range 20 {
		text := fmt.Sprintf("%d ", i)
		all += text
		send(t, dialler, text)
		time.Sleep(time.Millisecond) // so that the pump reads them one by one
	}
	expect(t, target, all)
	require.Positive(t, w.stats()[oneToTwo].Delayed)
	require.Zero(t, w.stats()[twoToOne].Delayed)
}

func TestResetBreaksConnectionsUntilHealed(t *testing.T) {
	w := newWires(t)
	dialler, target := w.connect(t, 1, 2)
	answering, asking := w.connect(t, 2, 1)
	require.NoError(t, w.set(nemesis.Links{oneToTwo: {Reset: true}}))
	for _, conn := range []net.Conn{dialler, target, answering, asking} {
		_, err := conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	}
	require.EqualValues(t, 2, w.stats()[oneToTwo].Reset)
	require.ErrorIs(t, w.refusal(1, 2), syscall.ECONNRESET)
	require.ErrorIs(t, w.refusal(2, 1), syscall.ECONNRESET)
	require.EqualValues(t, 4, w.stats()[oneToTwo].Reset)

	require.NoError(t, w.set(nil))
	dialler, target = w.connect(t, 1, 2)
	send(t, dialler, "new connections work")
	expect(t, target, "new connections work")
}

func TestLinkPassesOnHowAConnectionEnds(t *testing.T) {
	w := newWires(t)
	t.Run("half closed", func(t *testing.T) {
		dialler, target := w.connect(t, 1, 2)
		send(t, dialler, "question")
		require.NoError(t, dialler.CloseWrite())
		question, err := io.ReadAll(target)
		require.NoError(t, err)
		send(t, target, "answer to "+string(question))
		require.NoError(t, target.Close())
		answer, err := io.ReadAll(dialler)
		require.NoError(t, err)
		require.Equal(t, "answer to question", string(answer))
	})
	t.Run("broken", func(t *testing.T) {
		dialler, target := w.connect(t, 1, 2)
		abort(target)
		_, err := dialler.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
	t.Run("refused", func(t *testing.T) {
		require.NoError(t, w.listeners[2].Close())
		require.ErrorIs(t, w.refusal(1, 2), syscall.ECONNRESET)
	})
}

func TestSetLinksRefusesNonsense(t *testing.T) {
	w := newWires(t)
	require.EqualError(t, w.set(nemesis.Links{{From: 1, To: 9}: cut}), "set links: no link from 1 to 9")
	require.EqualError(t, w.set(nemesis.Links{oneToTwo: {Delay: -1}}),
		"set links: link from 1 to 2: delay_ms -1: allowed are 0 to 60000")
	for _, ofPackets := range []nemesis.LinkState{{Loss: 10}, {Jitter: 5, Reorder: true}} {
		require.EqualError(t, w.set(nemesis.Links{oneToTwo: ofPackets}),
			"set links: link from 1 to 2: links are relays of bytes, which have no packets")
	}
}

func TestClosedLinksLeaveNoGoroutine(t *testing.T) {
	w := newWires(t)
	w.connect(t, 1, 2)
	slow, _ := w.connect(t, 1, 2)
	stuck, _ := w.connect(t, 2, 1)
	require.NoError(t, w.set(nemesis.Links{oneToTwo: {Delay: 60_000}, twoToOne: cut}))
	send(t, slow, "in a minute")
	send(t, stuck, "never")
	w.awaitHeld(t, twoToOne, 5)
	w.dial(t, 2, 1)
	w.close()
	eventually(t, "goroutines end", func() bool { return len(goroutinesOf("cluster/local.(*link)", "cluster/local.(*pump)")) == 0 })
}

// The link's cost beside that of the same bytes without it.
func BenchmarkLink(b *testing.B) {
	for _, through := range []string{"direct", "link"} {
		b.Run(through, func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(b, err)
			defer l.Close()
			at := l.Addr().String()
			if through == "link" {
				p, err := newLink(newGate(), newGate(), l.Addr().String)
				require.NoError(b, err)
				defer p.close()
				at = p.address()
			}
			src, err := net.Dial("tcp", at)
			require.NoError(b, err)
			defer src.Close()
			dst, err := l.Accept()
			require.NoError(b, err)
			defer dst.Close()

			block := make([]byte, 64<<10)
			b.SetBytes(int64(len(block)))
			go func() {
				for b.Context().Err() == nil {
					if _, err := src.Write(block); err != nil {
						return
					}
				}
			}()
			for b.Loop() {
				_, err := io.ReadFull(dst, block[:len(block):len(block)])
				require.NoError(b, err)
			}
		})
	}
}
