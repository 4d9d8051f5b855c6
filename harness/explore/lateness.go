package explore

import "github.com/ackproof/ackproof/harness/cluster/sim"

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
