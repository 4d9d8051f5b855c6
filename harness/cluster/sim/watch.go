package sim

import (
	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/harness/history"
)

// Tracer hears of everything that happens, in order. It may look and must not
// touch.
type Tracer interface {
	Input(At, broker.Input)
	Effect(At, broker.Effect)
	// Stepped shows the broker after each of its steps. It may be read until
	// Stepped returns.
	Stepped(At, *broker.Core)
	// Machine hears what becomes of a broker's process, and Stage what the run
	// goes on with.
	Machine(At, string)
	Stage(At, string)
	// Recorded hears what clients and the nemesis see.
	Recorded(At, history.Event)
}

// watch is who looks on.
type watch struct {
	tracer   Tracer
	coverage *Coverage
	at       At
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
	if w.tracer != nil {
		w.tracer.Effect(w.look(n), e)
	}
}

func (w *watch) stepped(n *node) {
	if w.tracer != nil {
		w.tracer.Stepped(w.look(n), n.core)
	}
}
