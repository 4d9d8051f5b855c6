package sim

import (
	"time"

	"github.com/ackproof/ackproof/nemesis"
)

// network is the links between the nodes, and between clients and nodes.
type network struct {
	tasks   *tasks
	weather Weather
	draw    dice
	links   []link // by from*(nodes+1) + to
	ends    int
}

// link is one direction between two endpoints.
type link struct {
	nemesis.LinkState
	stats nemesis.LinkStats
	held  []message // what a cut keeps back, in order
}

// message is bytes that have arrived at the other end of a link.
type message struct {
	bytes   int
	deliver func()
}

func (l *link) pass(m message) {
	l.stats.Bytes += int64(m.bytes)
	m.deliver()
}

func newNetwork(t *tasks, nodes int, seed uint64, w Weather) *network {
	ends := nodes + 1
	return &network{tasks: t, weather: w, draw: newDice(seed, "net"), links: make([]link, ends*ends), ends: ends}
}

func (n *network) link(from, to nemesis.Endpoint) *link { return &n.links[int(from)*n.ends+int(to)] }

// pipe is one direction of one connection: what goes into it comes out in order.
type pipe struct {
	from, to nemesis.Endpoint
	last     time.Duration // when the latest message arrives
}

// send carries bytes over a pipe and then delivers them. They are lost only with
// the connection, so a cut link keeps them until it is healed, as retransmission
// does on a real network. What is slow is overtaken by what comes later, as
// when it waits in a queue at the other end.
func (n *network) send(p *pipe, bytes int, slow time.Duration, deliver func()) {
	takes, l := n.latency(p.from, p.to), n.link(p.from, p.to)
	if n.draw.perMille(n.weather.Lost) || n.loses(l) {
		takes += resendAfter
	}
	if l.Slow() {
		l.stats.Delayed += int64(bytes)
	}
	arrives := max(n.tasks.now+takes, p.last)
	p.last = arrives
	n.tasks.after(arrives+slow-n.tasks.now, func() { n.arrive(p.from, p.to, bytes, deliver) })
}

func (n *network) latency(from, to nemesis.Endpoint) time.Duration {
	w, l := n.weather, n.link(from, to)
	return w.hop() + n.draw.upTo(time.Duration(w.Jitter)*time.Microsecond) + l.Delay.Duration() + n.draw.upTo(l.Jitter.Duration())
}

// loses draws whether a lossy link loses a message.
func (n *network) loses(l *link) bool {
	if l.Loss == 0 || n.draw.Float64()*100 >= l.Loss {
		return false
	}
	l.stats.Lost++
	return true
}

// refuses tells whether a connection is reset, and counts it.
func (n *network) refuses(c *conn) bool {
	there, back := n.link(c.out.from, c.out.to), n.link(c.back.from, c.back.to)
	if !there.Reset && !back.Reset {
		return false
	}
	if there.Reset {
		there.stats.Reset++
	} else {
		back.stats.Reset++
	}
	return true
}

func (n *network) arrive(from, to nemesis.Endpoint, bytes int, deliver func()) {
	l, m := n.link(from, to), message{bytes, deliver}
	if l.Cut {
		l.stats.Held += int64(bytes)
	}
	if l.Cut || len(l.held) > 0 { // nothing overtakes what was held
		l.held = append(l.held, m)
		return
	}
	l.pass(m)
}

// release lets through what was held, unless the link is cut again.
func (l *link) release() {
	if l.Cut {
		return
	}
	held := l.held
	l.held = nil
	for _, m := range held {
		l.pass(m)
	}
}

// datagram carries what may be lost, come twice and overtake.
func (n *network) datagram(from, to nemesis.Endpoint, bytes int, deliver func()) {
	w := n.weather
	if !n.draw.perMille(w.Lost) && !n.loses(n.link(from, to)) {
		takes := n.latency(from, to)
		if n.draw.perMille(w.SlowRaft) {
			takes += n.draw.upTo(w.SlowFor.Duration())
		}
		n.tasks.after(takes, func() { n.arrive(from, to, bytes, deliver) })
	}
	if n.draw.perMille(w.Twice) {
		n.tasks.after(n.latency(from, to)+n.draw.upTo(w.SlowFor.Duration()), func() { n.arrive(from, to, bytes, deliver) })
	}
}

// set makes the links as told; those that are not named are healthy. What a cut
// kept back comes once it is over.
func (n *network) set(links nemesis.Links) {
	for from := range n.ends {
		for to := range n.ends {
			l := n.link(nemesis.Endpoint(from), nemesis.Endpoint(to))
			l.LinkState = links[nemesis.Link{From: nemesis.Endpoint(from), To: nemesis.Endpoint(to)}]
			if len(l.held) > 0 {
				n.tasks.after(n.weather.hop(), l.release)
			}
		}
	}
}

func (n *network) stats() map[nemesis.Link]nemesis.LinkStats {
	all := map[nemesis.Link]nemesis.LinkStats{}
	for from := range n.ends {
		for to := range n.ends {
			ends := nemesis.Link{From: nemesis.Endpoint(from), To: nemesis.Endpoint(to)}
			all[ends] = n.link(ends.From, ends.To).stats
		}
	}
	return all
}
