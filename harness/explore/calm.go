package explore

import (
	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/nemesis"
)

// drawCalm gives some of the profiles a calm day and one kind of trouble. Most have
// so much of both that whatever happens may have come of something else, and some
// checks ask for a fault that was alone: by nothing but a clock, no leader moves.
func (p *Profile) drawCalm(r dice) {
	if r.IntN(6) > 0 {
		return
	}
	p.weather = sim.Weather{Hop: p.weather.Hop, Sync: min(p.weather.Sync, 1000)}
	all := suits(*p)
	switch r.IntN(4) {
	case 0:
		p.restless(r)
		return
	case 1:
		p.weather = onlyLate(r, p.weather)
	}
	p.cards = nil
	for len(p.cards) == 0 {
		p.cards = all[r.IntN(len(all))]
	}
}

// restless lets brokers end and come back at once, while signs of their earlier lives
// are still on the way.
func (p *Profile) restless(r dice) {
	p.weather.SlowLife, p.weather.SlowFor = pick(r, 100, 300, 600), pick[nemesis.Millis](r, 600, 2000)
	p.cards = stops(nemesis.Follower, nemesis.Leader)
	if r.IntN(3) == 0 {
		p.hit(nemesis.Follower, nemesis.Fault{Kind: nemesis.Kill}, nemesis.Fault{Kind: nemesis.Kill, Target: nemesis.Leader})
	}
}
