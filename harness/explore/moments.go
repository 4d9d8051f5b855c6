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
// and soon after it is elected, or the leader is gone.
type moments struct {
	// upon are the events with which moments begin; none if there are no moments.
	upon []nemesis.Event
	// relapse lets a replica leave the ISR first, so that what begins is its way back.
	relapse bool
	// swift are elections before that, or while the replica is out.
	swift swift
	// lost is how the laggard loses its leader, and blind says that the leader hears
	// nothing from the controller meanwhile: of what was decided it learns late or never.
	lost  nemesis.Shape
	blind bool
	// fenced lets the laggard lose everybody else, too, for as long as it takes to be
	// fenced.
	fenced bool
	// later is how much later it ends, and ends are how.
	later nemesis.Millis
	ends  []nemesis.Fault
}

const (
	// momentsApart is how long it is, in the mean, from one moment to another fault, and
	// how long that lasts at most.
	momentsApart = 500 * time.Millisecond
	// goesOn is for how long a moment waits for its event, and for how long something
	// happens after it, beyond the session that a leader stays away.
	goesOn nemesis.Millis = 500
	// betweenTicks is enough for what is over to be seen, and for something to be
	// acknowledged then.
	betweenTicks nemesis.Millis = 300
)

// drawMoments gives moments to some of the profiles. Nothing is taken from disks there:
// under two faults at once, little is promised of that.
func (p *Profile) drawMoments(r dice, b Bounds) {
	spare := slices.DeleteFunc(slices.Clone(p.cards), card.takesData)
	if r.IntN(3) > 0 || p.liveness || p.fixed != nil || p.badMachine || p.config.ReplicationFactor < 3 || len(spare) == 0 {
		return
	}
	p.cards = spare
	p.makeRoom(r, b)
	elect := nemesis.Fault{Kind: nemesis.Elect, Target: nemesis.Laggard}
	m := moments{
		relapse: r.IntN(5) > 1,
		lost:    pick(r, nemesis.Isolate, nemesis.OneWayIn, nemesis.OneWayOut, nemesis.OneWayOut),
		blind:   r.IntN(2) == 0,
		fenced:  r.IntN(6) == 0,
		// In the end the laggard is not waited for any longer, and the answer to what was
		// asked before is given up.
		later: pick(r, 0, 30, 100, 300, p.times.Lag+betweenTicks, p.times.Lag+betweenTicks, p.times.Request+betweenTicks),
		ends: []nemesis.Fault{elect, pick(r,
			elect,
			nemesis.Fault{Kind: nemesis.Kill, Target: nemesis.Leader},
			nemesis.Fault{Kind: nemesis.Kill, Target: nemesis.Leader, MidStep: true},
			nemesis.Fault{Kind: nemesis.Pause, Target: nemesis.Leader},
			nemesis.Fault{Kind: nemesis.Partition, Target: nemesis.Leader, Shape: nemesis.Isolate})},
	}
	if r.IntN(3) > 0 && (!m.relapse || r.IntN(2) == 0) {
		m.swift = drawSwift(r)
	}
	switch {
	case m.relapse:
		m.upon = []nemesis.Event{nemesis.ISRProposed, nemesis.ISRProposed, nemesis.ISRChanged}
	case m.swift.times > 0:
		m.upon = []nemesis.Event{pick(r, nemesis.Truncated, nemesis.BecameLeader, nemesis.BecameFollower)}
	default:
		m.upon = nemesis.Events()
	}
	p.moments = m
}

// makeRoom changes the profile so that moments come about.
func (p *Profile) makeRoom(r dice, b Bounds) {
	p.nodes = cmp.Or(b.Nodes, max(p.nodes, pick(r, 3, 5, 5))) // of five, the controller may be somebody else
	p.parts, p.clients.Tenants = 1, 0                         // steps hear of the events of all partitions
	p.clients.Rate = pick(r, p.clients.Rate, 10, 30)
	if p.weather.Sync <= quickSync {
		p.times.Lag = max(pick[nemesis.Millis](r, 200, 400), 2*p.times.FetchWait)
	}
	// A leader that gets no answers must ask again before it is taken for gone.
	p.times.Request = min(p.times.Request, p.times.Session/2)
	p.every, p.lasts = max(p.every, momentsApart), min(p.lasts, momentsApart)
	if r.IntN(3) > 0 {
		p.weather = onlyLate(r, p.weather)
	}
}

// moment are its steps, in the order of their times; none if there is no time for it.
func (p Profile) moment(r dice, at, end time.Duration) (steps []nemesis.Step) {
	m := p.moments
	if m.relapse {
		out := 2 * p.times.Lag.Duration() // by then it has been seen to lag
		steps = append(steps, nemesis.Step{At: inMillis(at), For: inMillis(out), Fault: m.lose(nemesis.Replica)})
		at += out * 3 / 4
	}
	elections := m.swift.elections(r, at)
	if n := len(elections); n > 0 && !m.relapse {
		at = elections[n-1].At.Duration() + m.swift.every/2
	}
	steps = append(steps, elections...)
	last, later := pick(r, m.ends...), m.later
	if m.fenced {
		later += p.times.Session
	}
	// Steps wait for half of their time at most; the other is for what comes then.
	lasts := 2 * (later + goesOn)
	if last.Kind != nemesis.Elect {
		lasts += 2 * p.times.Session
	}
	begin := pick(r, m.upon...)
	upon := func(e nemesis.Event, lasts, later nemesis.Millis, f nemesis.Fault) {
		steps = append(steps, nemesis.Step{At: inMillis(at), For: lasts, Upon: e, Later: later, Fault: f})
	}
	upon(begin, lasts, 0, m.lose(nemesis.Laggard))
	if m.blind {
		upon(begin, lasts, 0, nemesis.Fault{Kind: nemesis.Partition, Target: nemesis.Controller, Shape: nemesis.OneWayOut, Peer: nemesis.Leader})
	}
	if m.fenced {
		upon(begin, max(p.times.Session+goesOn, uponAtLeast), 0, nemesis.Fault{Kind: nemesis.Partition, Target: nemesis.Laggard, Shape: nemesis.Isolate})
	}
	upon(pick(r, begin, begin, nemesis.ISRChanged), lasts, later, last)
	if slices.ContainsFunc(steps, func(s nemesis.Step) bool { return s.At+s.For > inMillis(end) }) {
		return nil
	}
	slices.SortStableFunc(steps, func(a, b nemesis.Step) int { return cmp.Compare(a.At, b.At) })
	return steps
}

// lose lets a replica lose its leader.
func (m moments) lose(who nemesis.Target) nemesis.Fault {
	return nemesis.Fault{Kind: nemesis.Partition, Target: who, Shape: m.lost, Peer: nemesis.Leader}
}

// takesData tells whether the fault takes from a disk.
func (c card) takesData() bool {
	return c.fault.Kind == nemesis.Wipe || c.fault.Kind == nemesis.Power || c.fault.PowerOff
}

func inMillis(d time.Duration) nemesis.Millis { return nemesis.Millis(d.Milliseconds()) }
