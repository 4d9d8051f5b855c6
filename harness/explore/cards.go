package explore

import (
	"time"

	"github.com/ackproof/ackproof/nemesis"
)

// card is a fault that may be dealt.
type card struct {
	fault nemesis.Fault
	// brief faults have no length that matters.
	brief bool
}

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
			cut(nemesis.Leader, nemesis.OneWayIn, false), cut(nemesis.Leader, nemesis.OneWayOut, false),
			cut(nemesis.Follower, nemesis.OneWayIn, false), cut(nemesis.Follower, nemesis.OneWayOut, false),
			cut(nemesis.Controller, nemesis.OneWayOut, true),
		},
		on(nemesis.Kill, nemesis.Leader, nemesis.Leader, nemesis.Follower, nemesis.Controller),
		on(nemesis.Kill, nemesis.Majority, nemesis.All, nemesis.Followers, nemesis.LastISR),
		on(nemesis.Pause, nemesis.Leader, nemesis.Leader, nemesis.Follower, nemesis.Controller),
		{clock(nemesis.Controller, nemesis.Clock{Offset: hour}), clock(nemesis.Leader, nemesis.Clock{Offset: -hour}),
			clock(nemesis.Follower, nemesis.Clock{Rate: 2}), clock(nemesis.Controller, nemesis.Clock{Offset: hour, StrobePeriod: 100})},
	}
}

// drawCards draws which suits a profile has: each with even odds, one at least.
func drawCards(r stream, p Profile) []card {
	all := suits(p)
	var cards []card
	for len(cards) == 0 {
		for _, suit := range all {
			if r.IntN(2) == 0 {
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
	r := newStream(seed, "schedule")
	s := nemesis.Schedule{
		Format: nemesis.Format, Version: nemesis.Version, Name: "drawn", Seed: seed, Nodes: p.nodes,
		Length: p.length, Steps: []nemesis.Step{},
	}
	end := p.length.Duration() - quietAfter
	for at := quietBefore + r.mean(p.every); at < end-shortest; at += r.mean(p.every) {
		dealt := p.cards[r.IntN(len(p.cards))]
		lasts := min(max(r.mean(p.lasts), shortest), end-at)
		s.Steps = append(s.Steps, nemesis.Step{
			ID: len(s.Steps) + 1, At: nemesis.Millis(at.Milliseconds()), For: nemesis.Millis(lasts.Milliseconds()),
			Fault: dealt.fault,
		})
	}
	return s
}
