package local

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// dialLimit bounds a connection attempt on loopback.
const dialLimit = 5 * time.Second

// link is a TCP proxy for the connections that one endpoint opens to another.
// It promises that bytes arrive unchanged and in order, or that the connection
// breaks; a cut only delays them.
type link struct {
	listener net.Listener
	upstream func() string // the address now; it may change with a restart
	request  *gate         // dialler to target
	response *gate         // target to dialler

	mu    sync.Mutex
	conns map[*conn]struct{}
	shut  bool
	wait  sync.WaitGroup
}

// conn is one proxied connection.
type conn struct {
	down, up *net.TCPConn // up is nil until it was dialled
	closed   chan struct{}
	once     sync.Once
	mu       sync.Mutex // guards up while it is dialled
}

func newLink(request, response *gate, upstream func() string) (*link, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return nil, fmt.Errorf("open link: %w", err)
	}
	l := &link{
		listener: listener, upstream: upstream,
		request: request, response: response,
		conns: map[*conn]struct{}{},
	}
	l.wait.Go(l.accept)
	return l, nil
}

func (l *link) address() string { return l.listener.Addr().String() }

func (l *link) accept() {
	for {
		down, err := l.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, or gone before it was accepted
			time.Sleep(10 * time.Millisecond)
			continue
		}
		c := &conn{down: down.(*net.TCPConn), closed: make(chan struct{})}
		l.mu.Lock()
		if l.shut {
			l.mu.Unlock()
			c.close()
			return
		}
		l.conns[c] = struct{}{}
		l.wait.Go(func() { l.serve(c) })
		l.mu.Unlock()
	}
}

// serve carries one connection. A connection that is opened while one of its
// directions is cut waits for the heal, as a handshake would, which needs both.
func (l *link) serve(c *conn) {
	defer func() {
		c.close()
		l.mu.Lock()
		delete(l.conns, c)
		l.mu.Unlock()
	}()
	if l.request.refuses() || l.response.refuses() {
		abort(c.down)
		return
	}
	if !l.request.pass(handshakeBytes, c.closed) || !l.response.pass(handshakeBytes, c.closed) {
		return
	}
	if delay := l.request.delay() + l.response.delay(); delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.closed:
			return
		}
	}
	up, err := net.DialTimeout("tcp", l.upstream(), dialLimit)
	if err != nil {
		abort(c.down) // the dialler's connection was refused, if a little late
		return
	}
	if !c.connected(up.(*net.TCPConn)) {
		return
	}
	var both sync.WaitGroup
	both.Go((&pump{src: c.down, dst: c.up, gate: l.request, back: l.response, closed: c.closed}).run)
	both.Go((&pump{src: c.up, dst: c.down, gate: l.response, back: l.request, closed: c.closed}).run)
	both.Wait()
}

// handshakeBytes is what a cut counts as held back of a connection that could
// not be opened: the headers of a SYN or of its answer.
const handshakeBytes = 40

// connected notes the far side; false if the connection was closed meanwhile.
func (c *conn) connected(up *net.TCPConn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.closed:
		abort(up) // whatever ended it, the target saw nothing of it yet
		return false
	default:
		c.up = up
		return true
	}
}

// close ends both sides; it is idempotent.
func (c *conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.once.Do(func() { close(c.closed) })
	c.down.Close()
	if c.up != nil {
		c.up.Close()
	}
}

// reset breaks all connections that are open now and returns their number.
func (l *link) reset() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.mu.Lock()
		breakOnClose(c.down)
		if c.up != nil {
			breakOnClose(c.up)
		}
		c.mu.Unlock()
		c.close()
	}
	return len(l.conns)
}

// close ends the link and its connections and waits for its goroutines.
func (l *link) close() {
	l.listener.Close()
	l.mu.Lock()
	l.shut = true
	for c := range l.conns {
		c.close()
	}
	l.mu.Unlock()
	l.wait.Wait()
}

// abort breaks a connection: its far end sees a reset, not an orderly end.
func abort(c *net.TCPConn) {
	breakOnClose(c)
	c.Close()
}

// breakOnClose makes the end of a connection a reset, without what is still to
// be sent.
func breakOnClose(c *net.TCPConn) {
	_ = c.SetLinger(0) // fails only where c is closed already
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) }
