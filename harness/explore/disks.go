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
	p.drawRetention(r)
	switch {
	case p.sparesOneDisk() && r.IntN(3) == 0:
		p.oneBadMachine(r)
	case b.MinISR < 2 && r.IntN(6) == 0:
		p.onlyOneDisk(r)
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

// drawRetention lets the log's start move in some of the profiles. Clients may miss
// anything then, so it is left to the look inside to judge; and where losses are
// looked for that nobody promised to spare, nothing may be deleted.
func (p *Profile) drawRetention(r dice) {
	if p.config.Acks != "all" || p.config.UncleanElection || p.unpromised || r.IntN(12) > 0 {
		return
	}
	p.config.RetentionBytes = pick(r, 1, 1024, 8192)
	p.times.Retention = pick[nemesis.Millis](r, 100, 300, 1000)
	p.segment = 1024
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
	p.badMachine = true
	p.weather = sim.Weather{Hop: p.weather.Hop, Sync: min(p.weather.Sync, 10_000)}
	p.times.Lag = max(p.times.Lag, 2*p.times.Session)
	p.times.Recovery = pick[nemesis.Millis](r, 0, 300, 1000)
	p.fetch = 0                                      // all keep up
	p.segment = pick(r, p.segment, 1024, 1024)       // much can be torn at once
	p.every = r.about(pick(r, 200, 400, 1000, 2000)) // by what is written in between
	p.cards = nil
	for _, suit := range [][]nemesis.Fault{
		{{Kind: nemesis.Kill}, {Kind: nemesis.Kill, MidStep: true}},
		{{Kind: nemesis.Stop}, {Kind: nemesis.Stop, PowerOff: true}},
		{{Kind: nemesis.Elect, Target: nemesis.Replica}, {Kind: nemesis.Elect}},
		{{Kind: nemesis.Wipe}},
	} {
		if r.IntN(2) == 0 {
			p.hit(p.wiped, suit...)
		}
	}
	p.hit(p.wiped, nemesis.Fault{Kind: nemesis.Power, Torn: true}, nemesis.Fault{Kind: nemesis.Power})
}

// onlyOneDisk makes it a profile in which all hangs on one disk: each partition has
// one replica. What it has not flushed is lost with the power; so there is none of
// that where acks do not wait for it, but for machines that are switched off after
// their broker has ended.
func (p *Profile) onlyOneDisk(r dice) {
	p.config.ReplicationFactor, p.config.MinISR = 1, 1
	p.segment = pick(r, 0, 1024, 1024)
	p.weather.Sync = pick(r, p.weather.Sync, slowSync)
	suits := [][]nemesis.Fault{
		{{Kind: nemesis.Kill}, {Kind: nemesis.Kill, MidStep: true}},
		{{Kind: nemesis.Stop}, {Kind: nemesis.Stop, PowerOff: true}},
	}
	if p.config.Flush == beforeAck {
		suits = append(suits,
			[]nemesis.Fault{{Kind: nemesis.Disk, Disk: nemesis.DiskError}, {Kind: nemesis.Disk, Disk: nemesis.DiskStall}},
			[]nemesis.Fault{{Kind: nemesis.Power, Torn: true}, {Kind: nemesis.Power}})
	}
	p.cards = nil
	for len(p.cards) == 0 {
		for _, suit := range suits {
			if r.IntN(3) > 0 {
				p.hit(nemesis.LastISR, suit...)
			}
		}
	}
}

// stops are orderly ends, of brokers alone and of their machines.
func stops(targets ...nemesis.Target) (cards []card) {
	for _, t := range targets {
		for _, off := range []bool{false, true} {
			cards = append(cards, card{fault: nemesis.Fault{Kind: nemesis.Stop, Target: t, PowerOff: off}})
		}
	}
	return cards
}

// hit adds cards, whose target is this one unless they have their own.
func (p *Profile) hit(target nemesis.Target, faults ...nemesis.Fault) {
	for _, f := range faults {
		if f.Target == "" {
			f.Target = target
		}
		p.cards = append(p.cards, card{fault: f})
	}
}
