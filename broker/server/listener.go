package server

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/wire"
)

// acceptBackoff is how long accepting pauses when the process has no file
// descriptor left.
const acceptBackoff = 50 * time.Millisecond

// boundListener is a listener that clients can connect to.
type boundListener struct {
	net.Listener
	name string
}

func (l boundListener) port() int32 { return int32(l.Addr().(*net.TCPAddr).Port) }

// bind opens the listeners, all or none.
func bind(listeners []controller.Listener) (bound []boundListener, err error) {
	defer func() {
		if err != nil {
			closeListeners(bound)
			bound = nil
		}
	}()
	for _, l := range listeners {
		nl, err := listen(l.Name, net.JoinHostPort(l.Host, strconv.Itoa(int(l.Port))))
		if err != nil {
			return bound, err
		}
		bound = append(bound, boundListener{Listener: nl, name: l.Name})
	}
	return bound, nil
}

func closeListeners(listeners []boundListener) {
	for _, l := range listeners {
		_ = l.Close() // nothing was accepted that could be lost
	}
}

func listen(name, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listener %s: %s: address already in use", name, address)
	}
	if err != nil {
		return nil, fmt.Errorf("listener %s: %w", name, err)
	}
	return l, nil
}

// accept takes connections until the listener is closed.
func (d *driver) accept(l boundListener) {
	d.log.Info("listening", "listener", l.name, "address", l.Addr().String())
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			d.serve(l.name, nc)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			d.log.Warn("cannot accept", "listener", l.name, "error", err)
			select {
			case <-time.After(acceptBackoff):
			case <-d.stopped:
				return
			}
		}
	}
}

// serve takes a connection that came in on a listener.
func (d *driver) serve(listener string, nc net.Conn) {
	c := d.conns.add(func(id wire.ConnID) *conn { return newConn(d, id, listener, nc) })
	if c == nil {
		_ = nc.Close() // the broker is going down
		return
	}
	d.tasks.Go(c.serve)
}

// connTable finds the open connections by their id.
type connTable struct {
	mu     sync.RWMutex
	last   wire.ConnID
	open   map[wire.ConnID]*conn
	closed bool
}

// add takes in a connection under a new id; nil after closeAll.
func (t *connTable) add(open func(wire.ConnID) *conn) *conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	if t.open == nil {
		t.open = map[wire.ConnID]*conn{}
	}
	t.last++
	c := open(t.last)
	t.open[t.last] = c
	return c
}

func (t *connTable) remove(id wire.ConnID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, id)
}

// find gives nil for a connection that is closed.
func (t *connTable) find(id wire.ConnID) *conn {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.open[id]
}

// count tells how many connections of each listener are open.
func (t *connTable) count() map[string]int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	byListener := map[string]int{}
	for _, c := range t.open {
		byListener[c.listener]++
	}
	return byListener
}

// closeAll closes every connection and takes in no more.
func (t *connTable) closeAll() {
	t.mu.Lock()
	t.closed = true
	all := make([]*conn, 0, len(t.open))
	for _, c := range t.open {
		all = append(all, c)
	}
	t.mu.Unlock()
	for _, c := range all {
		c.close()
	}
}
