package broker

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/wire"
)

// network is the links between the brokers. A message on its way is lost with
// its receiver only: a cut link or a rule keeps it until it is let go, as the
// retransmissions of a connection do.
type network struct {
	cut    map[[2]model.NodeID]bool
	parked map[[2]model.NodeID][]func()
	rules  []message
	held   []heldMessage
	// odd, if set, answers in place of every peer.
	odd func(kmsg.Request) (kmsg.Response, error)
	// delay, if set, draws what a request or an answer takes longer than a hop.
	delay *rand.Rand
}

// message names what goes over a link: "2->1 fetch", "answer 1->2 fetch".
type message struct {
	from, to model.NodeID
	kind     string
	answer   bool
}

// heldMessage is delivered in the end, or its connection breaks.
type heldMessage struct {
	message
	deliver, lose func()
}

func newNetwork() network {
	return network{cut: map[[2]model.NodeID]bool{}, parked: map[[2]model.NodeID][]func(){}}
}

func (m message) String() string {
	if m.answer {
		return fmt.Sprintf("answer %d->%d %s", m.from, m.to, m.kind)
	}
	return fmt.Sprintf("%d->%d %s", m.from, m.to, m.kind)
}

// kinds names the requests that scripts hold back.
var kinds = map[kmsg.Key]string{
	kmsg.Fetch: "fetch", kmsg.AlterPartition: "alter-partition", kmsg.BrokerHeartbeat: "heartbeat",
	kmsg.BrokerRegistration: "register", kmsg.ListOffsets: "list-offsets", kmsg.AllocateProducerIDs: "allocate-ids",
}

// answerOddly is the odd answer to a request that was sent while answers were odd.
func (n *network) answerOddly(req kmsg.Request) (kmsg.Response, error) {
	if n.odd == nil {
		return nil, errHungUp
	}
	return n.odd(req)
}

// transmit carries a message over a link.
func (w *world) transmit(m message, deliver, lose func()) {
	delay := hop
	if w.net.delay != nil && m.kind != "raft" && w.net.delay.IntN(20) == 0 {
		delay += time.Duration(w.net.delay.IntN(1500)) * time.Millisecond
	}
	w.at(delay, func() {
		link := [2]model.NodeID{m.from, m.to}
		if w.net.cut[link] {
			w.net.parked[link] = append(w.net.parked[link], deliver)
			return
		}
		for _, rule := range w.net.rules {
			if rule == m {
				w.net.held = append(w.net.held, heldMessage{m, deliver, lose})
				return
			}
		}
		deliver()
	})
}

// hold keeps such messages back from now on, until stopHolding.
func (w *world) hold(m message) { w.net.rules = append(w.net.rules, m) }

func (w *world) stopHolding(m message) {
	w.net.rules = slices.DeleteFunc(w.net.rules, func(rule message) bool { return rule == m })
}

// letGo delivers what was held, or breaks its connection; it tells how many.
func (w *world) letGo(m message, lose bool) int {
	w.stopHolding(m)
	count := 0
	w.net.held = slices.DeleteFunc(w.net.held, func(h heldMessage) bool {
		if h.message != m {
			return false
		}
		count++
		if lose {
			w.at(hop, h.lose)
		} else {
			w.at(hop, h.deliver)
		}
		return true
	})
	return count
}

func (w *world) heal() {
	w.net.cut = map[[2]model.NodeID]bool{}
	for _, from := range w.order {
		for _, to := range w.order {
			link := [2]model.NodeID{from, to}
			for _, deliver := range w.net.parked[link] {
				w.at(hop, deliver)
			}
			delete(w.net.parked, link)
		}
	}
}

// isolate cuts every link of a node.
func (w *world) isolate(id model.NodeID) {
	for _, other := range w.order {
		w.net.cut[[2]model.NodeID{id, other}] = other != id
		w.net.cut[[2]model.NodeID{other, id}] = other != id
	}
}

var (
	errTimeout = errors.New("timed out")
	errHungUp  = errors.New("connection closed")
)

// deliverRequest carries a request and its answer over real encodings, so that
// a field that a version does not carry is lost here too. An answer after the
// timeout is delivered all the same: the core must know it for stale.
func (w *world) deliverRequest(from *worldNode, e Send) {
	life, answered := from.life, false
	answer := func(resp kmsg.Response, err error) {
		if from.life == life && from.core != nil {
			answered = true
			w.step(from, PeerResponse{Token: e.Token, Response: resp, Err: err})
		}
	}
	w.at(e.Timeout, func() {
		if !answered {
			answer(nil, errTimeout)
		}
	})
	broken := func() { answer(nil, errHungUp) }
	if w.net.odd != nil {
		w.at(hop, func() { answer(w.net.answerOddly(e.Request)) })
		return
	}
	kind := kinds[kmsg.Key(e.Request.Key())]
	frame := e.Request.AppendTo(nil)
	w.transmit(message{from: from.id, to: e.To, kind: kind}, func() {
		w.call(e.To, "INSIDE", recode(e.Request, frame), func(resp kmsg.Response, dropped bool) {
			if dropped {
				answer(nil, errHungUp)
				return
			}
			body := resp.AppendTo(nil)
			w.transmit(message{from: e.To, to: from.id, kind: kind, answer: true}, func() {
				back := e.Request.ResponseKind()
				if err := back.ReadFrom(body); err != nil {
					panic(err)
				}
				answer(back, nil)
			}, broken)
		})
	}, broken)
}

func recode(req kmsg.Request, frame []byte) kmsg.Request {
	out := kmsg.RequestForKey(req.Key())
	out.SetVersion(req.GetVersion())
	if err := out.ReadFrom(frame); err != nil {
		panic(err)
	}
	return out
}

// call sends a request to a node; done may never run if the node is down.
func (w *world) call(to model.NodeID, listener string, req kmsg.Request, done func(kmsg.Response, bool)) {
	n := w.nodes[to]
	if n.core == nil {
		return
	}
	w.next++
	id := w.next
	w.calls[id] = done
	w.step(n, Request{Call: &wire.Call{Conn: wire.ConnID(id), Seq: id, Listener: listener, Request: req}})
}

// client sends a client's request and lets time pass until the answer is here.
func (w *world) client(to model.NodeID, req kmsg.Request) (kmsg.Response, error) {
	var response kmsg.Response
	var answered, dropped bool
	w.call(to, "OUTSIDE", recode(req, req.AppendTo(nil)), func(r kmsg.Response, gone bool) {
		response, answered, dropped = r, true, gone
	})
	if !w.runUntil(10*time.Second, func() bool { return answered }) {
		return nil, errTimeout
	}
	if dropped {
		return nil, errHungUp
	}
	return response, nil
}
