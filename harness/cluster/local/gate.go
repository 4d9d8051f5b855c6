package local

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ackproof/ackproof/nemesis"
)

// gate is one direction between two endpoints: all bytes from one to the other
// pass it, whoever opened the connection that carries them.
type gate struct {
	state     atomic.Pointer[gateState]
	set       sync.Mutex
	delivered atomic.Int64
	held      atomic.Int64
	delayed   atomic.Int64
	resets    atomic.Int64
}

// gateState is replaced as a whole, so that the path of a byte takes no lock.
type gateState struct {
	cut    bool
	reset  bool
	delay  time.Duration
	jitter time.Duration
	healed chan struct{} // closed when a cut state is replaced by an open one
}

func newGate() *gate {
	g := &gate{}
	g.state.Store(&gateState{})
	return g
}

// apply sets what is wrong with the gate. What comes to it after the return
// meets the new state.
func (g *gate) apply(s nemesis.LinkState) {
	g.set.Lock()
	defer g.set.Unlock()
	old := g.state.Load()
	next := &gateState{cut: s.Cut, reset: s.Reset, delay: s.Delay.Duration(), jitter: s.Jitter.Duration()}
	switch {
	case old.cut && next.cut:
		next.healed = old.healed // who waits goes on waiting
	case next.cut:
		next.healed = make(chan struct{})
	}
	g.state.Store(next)
	if old.cut && !next.cut {
		close(old.healed)
	}
}

// delay draws by how much what passes now is to be delayed.
func (g *gate) delay() time.Duration {
	s := g.state.Load()
	if s.jitter == 0 {
		return s.delay
	}
	return s.delay + rand.N(s.jitter+1)
}

// refuses tells whether new connections are refused, and counts it.
func (g *gate) refuses() bool {
	if !g.state.Load().reset {
		return false
	}
	g.resets.Add(1)
	return true
}

// pass lets n bytes through: at once, or when the cut that holds them back is
// healed. It returns false if the connection was closed before.
func (g *gate) pass(n int, closed <-chan struct{}) bool {
	s := g.state.Load()
	if !s.cut {
		return true
	}
	g.held.Add(int64(n))
	for s.cut {
		select {
		case <-s.healed:
		case <-closed:
			return false
		}
		s = g.state.Load()
	}
	return true
}

func (g *gate) stats() nemesis.LinkStats {
	return nemesis.LinkStats{
		Bytes: g.delivered.Load(), Held: g.held.Load(), Delayed: g.delayed.Load(), Reset: g.resets.Load(),
	}
}
