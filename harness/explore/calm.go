package explore

import "github.com/ackproof/ackproof/harness/cluster/sim"

// drawCalm gives some of the profiles a calm day and one kind of trouble. Most have
// so much of both that whatever happens may have come of something else, and some
// checks ask for a fault that was alone: by nothing but a clock, no leader moves.
func (p *Profile) drawCalm(r dice) {
	if r.IntN(6) > 0 {
		return
	}
	p.weather = sim.Weather{Hop: p.weather.Hop, Sync: min(p.weather.Sync, 1000)}
	all := suits(*p)
	p.cards = nil
	for len(p.cards) == 0 {
		p.cards = all[r.IntN(len(all))]
	}
}
