package sim

import (
	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/invariant"
	"github.com/ackproof/ackproof/harness/history"
)

// Tracer hears of everything that happens, in order. It may look and must not
// touch.
type Tracer interface {
	Input(At, broker.Input)
	Effect(At, broker.Effect)
	// Stepped shows the broker after each of its steps, before the effects. It may
	// be read until Stepped returns.
	Stepped(At, *broker.Core)
	// Machine hears what becomes of a broker's process, and Stage what the run
	// goes on with.
	Machine(At, string)
	Stage(At, string)
	// Recorded hears what clients and the nemesis see.
	Recorded(At, history.Event)
	// Broken hears of an invariant that is broken, once the look inside sees it.
	Broken(At, invariant.Problem)
}

// watch is who looks on.
type watch struct {
	tracer   Tracer
	coverage *Coverage
	// inside looks into the brokers; nil where clients judge alone.
	inside *invariant.Watch
	told   int // of its problems, those that the tracer has heard of
}

func newWatch(o Options) watch {
	w := watch{tracer: o.Trace, coverage: newCoverage()}
	if !o.BlackBox {
		w.inside = invariant.New(invariant.Options{Flushes: o.Flush == broker.FlushBeforeAck, Session: o.Times.Session.Duration()})
	}
	return w
}

// At is where in a simulation something happens.
type At struct {
	Event uint64 // the how manieth event of the simulation it is part of
	Time  int64  // nanoseconds since its start
	Node  int    // 0 if it is not a broker's
}

func (w *watch) look(n *node) At {
	return At{Event: n.sim.done, Time: int64(n.sim.now), Node: int(n.id)}
}

func (w *watch) booted(n *node) {
	w.coverage.booted(n)
	w.machine(n, "starts")
}

func (w *watch) machine(n *node, what string) {
	if w.tracer != nil {
		w.tracer.Machine(w.look(n), what)
	}
}

// Stage tells a tracer what the run goes on with.
func (c *Cluster) Stage(what string) {
	if c.watch.tracer != nil {
		c.watch.tracer.Stage(At{Event: c.done, Time: int64(c.now)}, what)
	}
}

func (w *watch) recorded(c *Cluster, e history.Event) {
	if w.tracer != nil {
		w.tracer.Recorded(At{Event: c.done, Time: int64(c.now)}, e)
	}
}

func (w *watch) input(n *node, in broker.Input) {
	if w.tracer != nil {
		w.tracer.Input(w.look(n), in)
	}
}

func (w *watch) effect(n *node, e broker.Effect) {
	if trace, ok := e.(broker.Trace); ok {
		w.coverage.traced(trace.Text)
	}
	if reply, ok := e.(broker.Reply); ok && w.inside != nil {
		w.inside.Answered(n.id, reply.Call.Request, reply.Response)
		w.tellBroken(n)
	}
	if sent, ok := e.(broker.SendRaft); ok && w.inside != nil {
		w.inside.SentRaft(n.id, sent.Payload)
		w.tellBroken(n)
	}
	if w.tracer != nil {
		w.tracer.Effect(w.look(n), e)
	}
}

// stepped looks at a broker after a step and before its effects.
func (w *watch) stepped(n *node) {
	if w.inside != nil {
		w.inside.InOffice(n.id, n.life, n.core.InOffice(), n.clocks.mono(n.sim.now))
		w.inside.Observe(n.life, n.core)
	}
	if w.tracer != nil {
		w.tracer.Stepped(w.look(n), n.core)
		w.tellBroken(n)
	}
}

// tellBroken tells the tracer what the look inside has found since the last time.
func (w *watch) tellBroken(n *node) {
	if w.tracer == nil || w.inside == nil {
		return
	}
	for _, p := range w.inside.Problems()[w.told:] {
		w.tracer.Broken(w.look(n), p)
		w.told++
	}
}

func (w *watch) lostPower(n *node) {
	if w.inside != nil {
		w.inside.Crashed(n.id)
	}
}

func (w *watch) wiped(n *node) {
	if w.inside != nil {
		w.inside.Wiped(n.id)
	}
}

func (w *watch) clockSet(n *node) {
	if w.inside != nil {
		w.inside.ClockSet(n.id)
	}
}

// Problems are the invariants that were broken; none if the cluster is a black
// box.
func (c *Cluster) Problems() []invariant.Problem {
	if c.watch.inside == nil {
		return nil
	}
	return c.watch.inside.Problems()
}

// Quiet compares the replicas of a cluster that has come to rest.
func (c *Cluster) Quiet() {
	if c.watch.inside == nil {
		return
	}
	var up []invariant.Broker
	for _, n := range c.nodes {
		if n.core != nil {
			up = append(up, n.core)
		}
	}
	c.watch.inside.Quiet(up)
}
