package sim

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/wire"
	"github.com/ackproof/ackproof/nemesis"
)

// The ways in which a request ends without an answer.
var (
	errTimeout = errors.New("no answer in time")
	errHungUp  = errors.New("connection closed")
	errRefused = errors.New("connection refused")
)

// conn is a connection to a broker. Requests and answers come in order, and when
// a request times out, the connection ends and all of its requests with it, as
// those of broker/server and of clients do. What was sent before that arrives
// all the same.
type conn struct {
	sim       *Cluster
	id        wire.ConnID
	node      *node // at its end
	life      int   // of the node when the connection was made
	listener  string
	out, back pipe

	open  []*exchange   // by the requester, not answered yet
	alarm time.Duration // when the next of them may be too late; 0 for never
	over  bool          // for the requester

	arrived []*exchange // at the node, in order
	base    uint64      // the Seq of the first of them
}

// exchange is a request and its answer.
type exchange struct {
	request kmsg.Request
	done    func(kmsg.Response, error) // called once
	due     time.Duration              // the answer, at the latest
	over    bool
	// answer is the encoded response; it waits for those before it.
	answer   []byte
	answered bool
	slow     time.Duration // what the way back takes longer
}

// Listeners of a broker.
const (
	inside  = "INSIDE"
	outside = "OUTSIDE"
)

// connect makes a connection to a node; a dead one refuses it.
func (c *Cluster) connect(from nemesis.Endpoint, to *node, listener string) *conn {
	c.lastConn++
	link := &conn{
		sim: c, id: c.lastConn, node: to, life: to.life, listener: listener,
		out:  pipe{from: from, to: to.endpoint()},
		back: pipe{from: to.endpoint(), to: from},
	}
	return link
}

// usable tells whether a request may still be sent.
func (c *conn) usable() bool { return c != nil && !c.over }

// send sends a request; done gets the answer, or why there is none; with acks=0
// it hears of nothing. Both ways may take the given time longer.
func (c *conn) send(req kmsg.Request, timeout, slowOut, slowBack time.Duration, done func(kmsg.Response, error)) {
	x := &exchange{request: req, done: done, due: c.sim.now + timeout, slow: slowBack}
	frame := c.sim.frames.encode(req)
	c.sim.net.send(&c.out, len(frame), slowOut, func() { c.arrive(x, frame) })
	if produce, ok := req.(*kmsg.ProduceRequest); ok && produce.Acks == 0 {
		x.over = true // no answer will come
		return
	}
	c.open = append(c.open, x)
	c.setAlarm(x.due)
}

// setAlarm looks after an answer that is due. A connection has one alarm at a
// time: nearly every request is answered long before it would be too late.
func (c *conn) setAlarm(due time.Duration) {
	if c.alarm > 0 && c.alarm <= due {
		return
	}
	c.alarm = due
	c.sim.after(due-c.sim.now, func() {
		if c.alarm == due && !c.over {
			c.alarm = 0
			c.checkDue()
		}
	})
}

func (c *conn) checkDue() {
	if len(c.open) == 0 {
		return
	}
	next := slices.MinFunc(c.open, func(a, b *exchange) int { return cmp.Compare(a.due, b.due) }).due
	if next > c.sim.now {
		c.setAlarm(next)
		return
	}
	c.end(errTimeout)
}

// end ends the connection for the requester.
func (c *conn) end(err error) {
	if c.over {
		return
	}
	c.over = true
	open := c.open
	c.open = nil
	for _, x := range open {
		if !x.over {
			x.over = true
			x.done(nil, err)
		}
	}
}

// hangUp ends the connection for the node.
func (c *conn) hangUp() {
	if c.node.served[c.id] != nil {
		delete(c.node.served, c.id)
		for i, id := range c.node.order {
			if id == c.id {
				c.node.order = append(c.node.order[:i:i], c.node.order[i+1:]...)
				break
			}
		}
	}
	c.sim.net.send(&c.back, 0, 0, func() { c.end(errHungUp) })
}

// arrive hands a request to the node.
func (c *conn) arrive(x *exchange, frame []byte) {
	n := c.node
	if !n.alive || n.life != c.life || n.served[c.id] == nil && c.sim.net.refuses(c) {
		c.sim.net.send(&c.back, 0, 0, func() { c.end(errRefused) })
		return
	}
	if n.served[c.id] == nil {
		if c.base+uint64(len(c.arrived)) > 0 {
			return // the node has hung up
		}
		n.served[c.id] = c
		n.order = append(n.order, c.id)
	}
	request := decodeRequest(x.request, frame)
	n.hash(hashRequest, uint64(c.id), uint64(request.Key()))
	c.sim.hash.bytes(frame)
	c.arrived = append(c.arrived, x)
	n.step(broker.Request{Call: &wire.Call{
		Conn: c.id, Seq: c.base + uint64(len(c.arrived)) - 1, Listener: c.listener, Request: request,
	}})
}

// decodeRequest is what the other end reads. A field that the version does not
// carry is lost on the way, as on a real one.
func decodeRequest(sent kmsg.Request, frame []byte) kmsg.Request {
	got := kmsg.RequestForKey(sent.Key())
	got.SetVersion(sent.GetVersion())
	if err := got.ReadFrom(frame); err != nil {
		panic("sim: a request that was encoded cannot be decoded: " + err.Error())
	}
	return got
}

// reply sends an answer back, once those before it were sent.
func (n *node) reply(e broker.Reply) {
	n.hash(hashReply, uint64(e.Call.Conn), e.Call.Seq)
	c := n.served[e.Call.Conn]
	if c == nil {
		return
	}
	x := c.arrived[e.Call.Seq-c.base]
	x.answered = true
	if e.Response != nil {
		x.answer = n.sim.frames.encode(e.Response)
		n.sim.hash.bytes(x.answer)
	}
	for len(c.arrived) > 0 && c.arrived[0].answered {
		next := c.arrived[0]
		c.arrived = c.arrived[1:]
		c.base++
		if next.answer != nil {
			n.sim.net.send(&c.back, len(next.answer), next.slow, func() { c.answer(next) })
		}
	}
}

// answer hands a response to the requester, unless he has given up.
func (c *conn) answer(x *exchange) {
	if x.over {
		return
	}
	x.over = true
	for i, other := range c.open {
		if other == x {
			c.open = append(c.open[:i], c.open[i+1:]...)
			break
		}
	}
	response := x.request.ResponseKind()
	if err := response.ReadFrom(x.answer); err != nil {
		panic("sim: a response that was encoded cannot be decoded: " + err.Error())
	}
	x.done(response, nil)
}

// send carries a request to another broker.
func (n *node) send(e broker.Send) {
	n.hash(hashSend, uint64(e.To), e.Token)
	to := n.sim.node(e.To)
	key := lane{e.To, e.Lane}
	c := n.lanes[key]
	if !c.usable() {
		c = n.sim.connect(n.endpoint(), to, inside)
		n.lanes[key] = c
	}
	life, token := n.life, e.Token
	slowOut, slowBack := n.sim.slowness(e.Request)
	c.send(e.Request, e.Timeout, slowOut, slowBack, func(resp kmsg.Response, err error) {
		if n.life != life {
			return
		}
		if err != nil {
			n.hash(hashFailure, token)
		} else {
			n.hash(hashAnswer, token)
		}
		n.step(broker.PeerResponse{Token: token, Response: resp, Err: err})
	})
	odds := n.sim.net.weather.Broken
	if e.Request.Key() == int16(kmsg.AlterPartition) {
		odds = max(odds, n.sim.net.weather.BrokenISR)
	}
	if n.sim.net.draw.perMille(odds) {
		n.sim.after(n.sim.net.draw.upTo(2*slowOut+4*n.sim.net.weather.hop()), func() { c.end(errHungUp) })
	}
}

// slowness draws how much longer a request takes, and its answer.
func (c *Cluster) slowness(req kmsg.Request) (out, back time.Duration) {
	w := c.net.weather
	odds := w.Slow
	switch kmsg.Key(req.Key()) {
	case kmsg.AlterPartition:
		odds = max(odds, w.SlowISR)
	case kmsg.Fetch:
		odds = max(odds, w.SlowFetch)
	case kmsg.BrokerRegistration, kmsg.BrokerHeartbeat:
		odds = max(odds, w.SlowLife)
	}
	if c.net.draw.perMille(odds) {
		out = c.net.draw.upTo(w.SlowFor.Duration())
	}
	if c.net.draw.perMille(odds) {
		back = c.net.draw.upTo(w.SlowFor.Duration())
	}
	return out, back
}
