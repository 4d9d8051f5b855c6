package explore

import (
	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/nemesis"
)

// slowSync is how long an fsync of a bad disk takes at most, in microseconds. It is
// long enough for much to be written meanwhile, also several segments.
const slowSync = 200_000

// drawDisks draws how much hangs on a single disk, and what may befall it.
func (p *Profile) drawDisks(r dice, b Bounds) {
	p.times.Recovery = pick[nemesis.Millis](r, 0, 0, 300, 1000)
	if p.config.Flush == beforeAck && r.IntN(3) == 0 {
		p.weather.Sync = slowSync
	}
	if p.fixed != nil {
		return
	}
	p.drawReplicas(r, b)
	if p.sparesOneDisk() && r.IntN(3) == 0 {
		p.oneBadMachine(r)
	}
}

// beforeAck is the policy under which a power loss takes nothing that was acked.
const beforeAck = "before-ack"

// drawReplicas lets fewer replicas do in some of the profiles: where there is only
// one, nobody else makes up for a flush that was not awaited.
func (p *Profile) drawReplicas(r dice, b Bounds) {
	few := pick(r, 3, 3, 3, 3, 2, 1)
	if few == 1 && p.config.Flush != beforeAck {
		few = 2 // one replica that does not flush promises nothing
	}
	p.config.ReplicationFactor = max(b.MinISR, min(p.config.ReplicationFactor, few))
	p.config.MinISR = min(p.config.MinISR, p.config.ReplicationFactor)
}

// sparesOneDisk tells whether what was acked survives the loss of what one disk
// holds, although nothing is flushed before an ack.
func (p *Profile) sparesOneDisk() bool {
	return p.config.Acks == "all" && !p.config.UncleanElection && p.config.Flush != beforeAck && p.config.MinISR > 1
}

// oneBadMachine makes it a profile in which all that happens, happens to one
// machine: its power fails, and what was not flushed is lost or torn. That must do
// no harm as long as nobody else is out of the ISR, so the weather is calm.
func (p *Profile) oneBadMachine(r dice) {
	p.weather = sim.Weather{Hop: p.weather.Hop, Sync: p.weather.Sync}
	p.times.Lag = max(p.times.Lag, 2*p.times.Session)
	p.cards = nil
	for _, suit := range [][]nemesis.Fault{
		{{Kind: nemesis.Kill}, {Kind: nemesis.Kill, MidStep: true}},
		{{Kind: nemesis.Stop}},
		{{Kind: nemesis.Elect, Target: nemesis.Replica}, {Kind: nemesis.Elect}},
		{{Kind: nemesis.Wipe}},
	} {
		if r.IntN(2) == 0 {
			p.hitBadMachine(suit...)
		}
	}
	p.hitBadMachine(nemesis.Fault{Kind: nemesis.Power, Torn: true}, nemesis.Fault{Kind: nemesis.Power})
}

// hitBadMachine adds cards, whose target is the bad machine unless they have one.
func (p *Profile) hitBadMachine(faults ...nemesis.Fault) {
	for _, f := range faults {
		if f.Target == "" {
			f.Target = p.wiped
		}
		p.cards = append(p.cards, card{fault: f})
	}
}
