package sim

import (
	"github.com/ackproof/ackproof/broker"
)

// Tracer hears of everything that happens to the brokers, in order.
type Tracer interface {
	Input(At, broker.Input)
	Effect(At, broker.Effect)
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
	Node  int
}

func (w *watch) look(n *node) At {
	return At{Event: n.sim.done, Time: int64(n.sim.now), Node: int(n.id)}
}

func (w *watch) booted(n *node) { w.coverage.booted(n) }

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

func (w *watch) stepped(*node) {}
