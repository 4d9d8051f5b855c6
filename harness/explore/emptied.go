package explore

import (
	"slices"

	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/nemesis"
)

// drawEmptied makes some of the profiles with wipes about them alone: a replica is
// about to join the ISR, loses its disk, and is back before what was said of its
// earlier life has arrived (KIP-903). Nothing but an election may come to that, or the
// promise would not hold.
func (p *Profile) drawEmptied(r dice) {
	if p.config.ReplicationFactor < 2 || p.liveness || p.fixed != nil || p.badMachine || !slices.ContainsFunc(p.cards, card.wipes) || r.IntN(2) == 0 {
		return
	}
	p.cards = nil
	p.hit(p.wiped, nemesis.Fault{Kind: nemesis.Wipe}, nemesis.Fault{Kind: nemesis.Elect})
	p.upon = []nemesis.Event{nemesis.ISRProposed, nemesis.ISRChanged, pick(r, nemesis.Registered, nemesis.Unfenced)}
	p.parts, p.clients.Tenants = 1, 0
	p.every, p.lasts = r.about(300), r.about(600)
	p.weather = sim.Weather{
		Hop: p.weather.Hop, Sync: min(p.weather.Sync, quickSync), SlowFor: pick[nemesis.Millis](r, 600, 1500, 3000),
		SlowISR: pick(r, 300, 600, 900), BrokenISR: pick(r, 0, 0, 300), SlowFetch: pick(r, 100, 300, 600),
	}
	p.fetch = pick(r, 0, 300)
	// Who is late leaves no ISR: only who is dead does.
	p.times.Lag = 4*p.weather.SlowFor + 2*(p.times.FetchWait+p.times.Request)
}

func (c card) wipes() bool { return c.fault.Kind == nemesis.Wipe }
