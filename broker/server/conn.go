package server

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/wire"
)

const (
	// readBuffer holds many small requests; larger ones are read past it.
	readBuffer = 64 << 10
	// maxInFlight bounds the requests of one connection that are not answered
	// yet, and maxInFlightBytes their sum, beyond a first one. Kafka has one.
	maxInFlight      = 64
	maxInFlightBytes = 64 << 20
)

// errClosed ends the goroutines of a connection that somebody has closed.
var errClosed = errors.New("connection closed")

// conn is a client's connection, or another broker's. Its reader turns frames
// into requests; its writer puts the answers back into the requests' order.
type conn struct {
	*driver
	id       wire.ConnID
	listener string
	// inside connections are of other brokers.
	inside bool
	net    net.Conn

	mu sync.Mutex
	// room is signalled when requests were answered, answers when the next
	// answer in order is there; both when the connection closes.
	room, answers sync.Cond
	// window holds the requests with sequence numbers from answered up to
	// begun, each at its number modulo the size.
	window          [maxInFlight]exchange
	begun, answered uint64
	bytes           int
	closed          bool
}

// exchange is a request, and its answer once done.
type exchange struct {
	correlationID int32
	key           kmsg.Key
	size          int // of the request's frame
	began         time.Time
	done          bool
	response      kmsg.Response // nil if nothing is to be written
}

func newConn(d *driver, id wire.ConnID, listener string, nc net.Conn) *conn {
	c := &conn{driver: d, id: id, listener: listener, inside: listener == d.settings.Broker.InterBrokerListener, net: nc}
	c.room.L, c.answers.L = &c.mu, &c.mu
	return c
}

// serve reads requests until the connection ends.
func (c *conn) serve() {
	c.tasks.Go(c.write)
	err := c.read()
	c.close()
	c.conns.remove(c.id)
	c.log.Debug("connection ended", "conn", c.id, "listener", c.listener, "remote", c.net.RemoteAddr(), "reason", err)
}

func (c *conn) read() error {
	in := bufio.NewReaderSize(c.net, readBuffer)
	for {
		if err := c.awaitRoom(); err != nil {
			return err
		}
		frame, err := wire.ReadFrame(in, c.settings.MaxRequestBytes)
		if err != nil {
			return err
		}
		if payload, ok := wire.RaftPayload(frame); ok && c.inside {
			c.submit(broker.RaftMessage{Payload: payload})
			continue
		}
		h, request, err := wire.DecodeRequest(frame, c.inside)
		refused := errors.Is(err, wire.ErrUnsupported) && h.Key == kmsg.ApiVersions
		if err != nil && !refused {
			return err
		}
		seq := c.begin(h, len(frame))
		if refused {
			c.finish(seq, wire.RefuseApiVersions(c.inside))
			c.flush()
			continue
		}
		c.submit(broker.Request{Call: &wire.Call{
			Conn:          c.id,
			Seq:           seq,
			CorrelationID: h.CorrelationID,
			ClientID:      h.ClientID,
			Listener:      c.listener,
			Request:       request,
		}})
	}
}

func (c *conn) awaitRoom() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closed && (c.begun-c.answered == maxInFlight || c.bytes > maxInFlightBytes) {
		c.room.Wait()
	}
	if c.closed {
		return errClosed
	}
	return nil
}

// begin takes the next place in the window.
func (c *conn) begin(h wire.Header, size int) (seq uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seq = c.begun
	c.begun++
	c.bytes += size
	c.window[seq%maxInFlight] = exchange{correlationID: h.CorrelationID, key: h.Key, size: size, began: time.Now()}
	return seq
}

// finish puts an answer in its place. The writer learns of it at the next flush.
func (c *conn) finish(seq uint64, response kmsg.Response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	slot := &c.window[seq%maxInFlight]
	if seq < c.answered || seq >= c.begun || slot.done {
		panic(fmt.Sprintf("server: conn %d: answer to request %d, open are %d up to %d, answered before: %t",
			c.id, seq, c.answered, c.begun, slot.done))
	}
	slot.done, slot.response = true, response
}

// flush wakes the writer if there is something to write.
func (c *conn) flush() {
	c.mu.Lock()
	ready := c.begun != c.answered && c.window[c.answered%maxInFlight].done
	c.mu.Unlock()
	if ready {
		c.answers.Signal()
	}
}

// close ends the connection; its reader does the rest.
func (c *conn) close() {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.mu.Unlock()
	if first {
		_ = c.net.Close() // whoever uses it learns of it there
		c.room.Broadcast()
		c.answers.Broadcast()
	}
}
