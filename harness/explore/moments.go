package explore

import (
	"cmp"
	"slices"
	"time"

	"github.com/ackproof/ackproof/nemesis"
)

// A moment is when a cluster is hurt most. Replication is about whoever leads next:
// a bug that lets somebody lead who lacks what was acknowledged shows only if he
// lags just then, is elected, and has not caught up before. Each of these happens
// now and then, but together hardly ever unless they are dealt together: something of
// the protocol is under way, the replica that misses most loses sight of its leader,
// and soon after the leader is gone.
type moments struct {
	// upon is the event with which a moment begins; none if no moments are dealt.
	upon nemesis.Event
	// blind says that the leader hears nothing from the controller meanwhile: of what
	// was decided of it, it learns late or never.
	blind bool
	// lost is how the laggard loses its leader.
	lost nemesis.Shape
	// last is the event with which the leader goes, so much later.
	last  nemesis.Event
	later nemesis.Millis
	end   nemesis.Fault
}

// untilElected is for how long a leader stays away, beyond a session, so that
// another one is elected and acknowledges something.
const untilElected nemesis.Millis = 700

// drawMoments gives moments to some of the profiles in which no data is taken from a
// disk: under two faults at once, little is promised of it.
func (p *Profile) drawMoments(r dice, b Bounds) {
	if r.IntN(3) > 0 || p.liveness || p.config.ReplicationFactor < 2 || slices.ContainsFunc(p.cards, card.takesData) {
		return
	}
	p.nodes = cmp.Or(b.Nodes, pick(r, 3, 5)) // of five, the controller may be somebody else
	m := moments{
		upon: pick(r, nemesis.ISRProposed, nemesis.ISRProposed, nemesis.ISRChanged, nemesis.Truncated,
			nemesis.BecameLeader, nemesis.BecameFollower, nemesis.Unfenced),
		blind: r.IntN(2) == 0,
		lost:  pick(r, nemesis.Isolate, nemesis.OneWayIn, nemesis.OneWayOut, nemesis.OneWayOut),
		later: pick[nemesis.Millis](r, 0, 30, 100, 300),
		end: pick(r,
			nemesis.Fault{Kind: nemesis.Elect, Target: nemesis.Laggard}, nemesis.Fault{Kind: nemesis.Elect, Target: nemesis.Laggard},
			nemesis.Fault{Kind: nemesis.Elect, Target: nemesis.Laggard},
			nemesis.Fault{Kind: nemesis.Kill, Target: nemesis.Leader},
			nemesis.Fault{Kind: nemesis.Pause, Target: nemesis.Leader},
			nemesis.Fault{Kind: nemesis.Partition, Target: nemesis.Leader, Shape: nemesis.Isolate}),
	}
	m.last = pick(r, m.upon, m.upon, nemesis.ISRChanged)
	p.moments = m
}

// takesData tells whether the fault takes from a disk.
func (c card) takesData() bool {
	return c.fault.Kind == nemesis.Wipe || c.fault.Kind == nemesis.Power || c.fault.PowerOff
}

// moment are its steps. They wait for half of their time at most, and the leader
// stays away for the other.
func (p Profile) moment(at, end time.Duration) []nemesis.Step {
	m := p.moments
	lasts := min(2*(p.times.Session+untilElected+m.later), nemesis.Millis((end - at).Milliseconds()))
	step := func(upon nemesis.Event, f nemesis.Fault) nemesis.Step {
		return nemesis.Step{At: nemesis.Millis(at.Milliseconds()), For: lasts, Upon: upon, Fault: f}
	}
	steps := []nemesis.Step{step(m.upon, nemesis.Fault{
		Kind: nemesis.Partition, Target: nemesis.Laggard, Shape: m.lost, Peer: nemesis.Leader,
	})}
	if m.blind {
		steps = append(steps, step(m.upon, nemesis.Fault{
			Kind: nemesis.Partition, Target: nemesis.Controller, Shape: nemesis.OneWayOut, Peer: nemesis.Leader,
		}))
	}
	last := step(m.last, m.end)
	if 2*m.later < lasts {
		last.Later = m.later
	}
	return append(steps, last)
}
