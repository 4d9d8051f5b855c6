package explore

import (
	"time"

	"github.com/ackproof/ackproof/nemesis"
)

// card is a fault that may be dealt.
type card struct{ fault nemesis.Fault }

// suits are the faults by what they are: a profile has each suit or has it not.
func suits(p Profile) [][]card {
	cut := func(target nemesis.Target, shape nemesis.Shape, clients bool) card {
		return card{fault: nemesis.Fault{Kind: nemesis.Partition, Target: target, Shape: shape, Clients: clients}}
	}
	on := func(kind nemesis.Kind, targets ...nemesis.Target) (cards []card) {
		for _, t := range targets {
			cards = append(cards, card{fault: nemesis.Fault{Kind: kind, Target: t}})
		}
		return cards
	}
	late := func(target nemesis.Target, shape nemesis.Shape, delay nemesis.Millis) card {
		return card{fault: nemesis.Fault{Kind: nemesis.Delay, Target: target, Shape: shape, Delay: delay}}
	}
	spoilt := func(f nemesis.Fault) card { return card{fault: f} }
	clock := func(target nemesis.Target, c nemesis.Clock) card {
		return card{fault: nemesis.Fault{Kind: nemesis.SkewClock, Target: target, Clock: c}}
	}
	const hour = 3_600_000
	return [][]card{
		{
			cut(nemesis.Leader, nemesis.Isolate, false), cut(nemesis.Leader, nemesis.Isolate, true),
			cut(nemesis.Follower, nemesis.Isolate, false), cut(nemesis.Controller, nemesis.Isolate, false),
			cut(nemesis.Leader, nemesis.Halves, false),
		},
		{
			cut(nemesis.Leader, nemesis.Pair, false), cut(nemesis.Follower, nemesis.Pair, false),
			cut(nemesis.Leader, nemesis.Pair, false), cut(nemesis.Controller, nemesis.Pair, false),
		},
		{
			cut(nemesis.Leader, nemesis.OneWayIn, false), cut(nemesis.Leader, nemesis.OneWayOut, false),
			cut(nemesis.Follower, nemesis.OneWayIn, false), cut(nemesis.Follower, nemesis.OneWayOut, false),
			cut(nemesis.Controller, nemesis.OneWayOut, true),
		},
		{
			late(nemesis.Leader, nemesis.OneWayOut, 400), late(nemesis.Leader, nemesis.OneWayIn, 400),
			late(nemesis.Follower, nemesis.OneWayOut, 400), late(nemesis.Follower, nemesis.OneWayIn, 400),
			late(nemesis.Leader, nemesis.Pair, 900), late(nemesis.Controller, nemesis.OneWayOut, 300),
			late(nemesis.Follower, nemesis.OneWayIn, 1200), late(nemesis.Follower, nemesis.OneWayOut, 1200),
		},
		{
			spoilt(nemesis.Fault{Kind: nemesis.Reset, Target: nemesis.Leader, Shape: nemesis.Isolate, Clients: true}),
			spoilt(nemesis.Fault{Kind: nemesis.Reset, Target: nemesis.Follower, Shape: nemesis.Isolate}),
			spoilt(nemesis.Fault{Kind: nemesis.Loss, Target: nemesis.Leader, Shape: nemesis.Isolate, Loss: 30}),
			spoilt(nemesis.Fault{Kind: nemesis.Loss, Target: nemesis.Controller, Shape: nemesis.Isolate, Loss: 30}),
		},
		on(nemesis.Kill, nemesis.Leader, nemesis.Leader, nemesis.Follower, nemesis.Controller),
		on(nemesis.Kill, nemesis.Majority, nemesis.All, nemesis.Followers, nemesis.LastISR),
		stops(nemesis.Leader, nemesis.Follower, nemesis.Controller),
		stops(nemesis.All, nemesis.Followers, nemesis.LastISR),
		{
			{fault: nemesis.Fault{Kind: nemesis.Kill, Target: nemesis.Leader, MidStep: true}},
			{fault: nemesis.Fault{Kind: nemesis.Kill, Target: nemesis.Controller, MidStep: true}},
			{fault: nemesis.Fault{Kind: nemesis.Kill, Target: nemesis.Follower, MidStep: true}},
		},
		on(nemesis.Elect, nemesis.Replica),
		on(nemesis.Elect, nemesis.Follower),
		on(nemesis.Pause, nemesis.Leader, nemesis.Leader, nemesis.Follower, nemesis.Controller),
		{clock(nemesis.Controller, nemesis.Clock{Offset: hour}), clock(nemesis.Leader, nemesis.Clock{Offset: -hour}),
			clock(nemesis.Follower, nemesis.Clock{Rate: 2}), clock(nemesis.Controller, nemesis.Clock{Offset: hour, StrobePeriod: 100})},
		{{fault: nemesis.Fault{Kind: nemesis.Wipe, Target: p.wiped}}},
		power(p, nemesis.Leader, nemesis.Follower, nemesis.Controller),
		power(p, nemesis.All, nemesis.Majority),
		disks(nemesis.Leader, nemesis.Follower, nemesis.Controller),
	}
}

// power are power losses, torn and not. Where nothing is flushed before it is
// acknowledged, one soon hits all of an ISR, and little could be found after it.
func power(p Profile, targets ...nemesis.Target) (cards []card) {
	if p.config.Flush != beforeAck && !p.unpromised {
		return nil
	}
	for _, t := range targets {
		for _, torn := range []bool{false, true} {
			cards = append(cards, card{fault: nemesis.Fault{Kind: nemesis.Power, Target: t, Torn: torn}})
		}
	}
	return cards
}

func disks(targets ...nemesis.Target) (cards []card) {
	for _, t := range targets {
		for _, mode := range []nemesis.DiskMode{nemesis.DiskError, nemesis.DiskFull, nemesis.DiskStall} {
			cards = append(cards, card{fault: nemesis.Fault{Kind: nemesis.Disk, Target: t, Disk: mode}})
		}
	}
	return cards
}

// drawCards draws which suits a profile has, one at least: in half of the profiles
// each with even odds, else a few, since what takes three faults of one kind within
// a second does not happen among ten other kinds.
func drawCards(r dice, p Profile) []card {
	all := suits(p)
	oneIn := pick(r, 2, 2, 4, 8, 8)
	var cards []card
	for len(cards) == 0 {
		for _, suit := range all {
			if r.IntN(oneIn) == 0 {
				cards = append(cards, suit...)
			}
		}
	}
	return cards
}

// The beginning and the end of a case are quiet, so that clients work before and
// after the faults, too.
const (
	quietBefore = 400 * time.Millisecond
	quietAfter  = 500 * time.Millisecond
	shortest    = 20 * time.Millisecond
)

// drawSchedule deals faults, which may overlap.
func (p Profile) drawSchedule(seed uint64) nemesis.Schedule {
	r := newDice(seed, "schedule")
	s := nemesis.Schedule{
		Format: nemesis.Format, Version: nemesis.Version, Name: "drawn", Seed: seed, Nodes: p.nodes,
		Length: p.length, Steps: []nemesis.Step{},
	}
	end := p.length.Duration() - quietAfter
	for at := quietBefore + r.mean(p.every); at < end-shortest; at += r.mean(p.every) {
		if len(p.moments.upon) > 0 && r.IntN(3) > 0 {
			for _, step := range p.moment(r, at, end) {
				step.ID = len(s.Steps) + 1
				s.Steps = append(s.Steps, step)
				at = step.At.Duration() + time.Duration(r.Int64N(int64(step.For.Duration()))) // the next may come meanwhile
			}
			continue
		}
		dealt := p.cards[r.IntN(len(p.cards))]
		lasts := min(max(r.mean(p.lasts), shortest), end-at)
		step := nemesis.Step{
			ID: len(s.Steps) + 1, At: nemesis.Millis(at.Milliseconds()), For: nemesis.Millis(lasts.Milliseconds()),
			Fault: dealt.fault,
		}
		if len(p.upon) > 0 && r.IntN(2) == 0 {
			step = awaiting(step, pick(r, p.upon...), nemesis.Millis((end - at).Milliseconds()))
		}
		s.Steps = append(s.Steps, step)
	}
	if p.liveness {
		return withLastFault(s, r)
	}
	return s
}
