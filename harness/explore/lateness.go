package explore

import (
	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/nemesis"
)

// drawLateness makes signs of life slow in some of the profiles, and in some what is
// slow much slower: a request may arrive when its sender has long given it up, was
// fenced, has died and was started again.
func drawLateness(r dice, w sim.Weather) sim.Weather {
	if r.IntN(4) == 0 {
		w.SlowLife = pick(r, 50, 200, 500)
	}
	if r.IntN(4) == 0 {
		w.SlowFor *= 4
	}
	return w
}

// onlyLate is a calm day on which one kind of message is often late, or lost with its
// connection, or two. What is to be seen of that takes time in which nothing else goes
// wrong.
func onlyLate(r dice, w sim.Weather) sim.Weather {
	w = sim.Weather{Hop: w.Hop, Sync: w.Sync, SlowFor: pick[nemesis.Millis](r, 200, 600, 2000)}
	if r.IntN(3) == 0 { // the controller is far away
		w.SlowISR, w.SlowRaft = 300, 300
		return w
	}
	for range 1 + r.IntN(2) {
		*pick(r, &w.SlowISR, &w.SlowISR, &w.BrokenISR, &w.SlowRaft, &w.SlowFetch, &w.SlowLife) = pick(r, 100, 300, 600)
	}
	return w
}
