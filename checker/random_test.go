package checker

import (
	"math/rand/v2"
	"slices"

	"github.com/ackproof/ackproof/harness/history"
)

// randomHistory draws a small history of one partition: a few processes that
// append and read a log, with unknown outcomes, reads that see old ends, and
// coarse times, so that many are equal. Ops take effect at an instant between
// their two events, so it is legal, up to ties; mutate breaks some.
func randomHistory(rnd *rand.Rand) *history.History {
	g := generator{rnd: rnd, log: []int64{}, busy: map[int]int64{}}
	g.processes = 1 + rnd.IntN(4)
	for range 2 + rnd.IntN(12) {
		g.step()
	}
	h := g.history()
	for range rnd.IntN(4) {
		mutate(rnd, h)
	}
	return h
}

type generator struct {
	rnd       *rand.Rand
	processes int
	now       int64
	log       []int64
	busy      map[int]int64 // process -> when its last op ended
	ops       []generated
	next      int64
	fresh     int
}

// generated is an op with the events of its two ends.
type generated struct {
	invoke, done history.Event
}

// step draws one op that takes effect now.
func (g *generator) step() {
	g.now += int64(g.rnd.IntN(3))
	process := g.rnd.IntN(g.processes)
	begin := max(g.busy[process], g.now-int64(g.rnd.IntN(4)))
	if begin > g.now {
		return
	}
	end := g.now + int64(g.rnd.IntN(4))
	e := history.Event{Process: process, Topic: "t"}
	if g.rnd.IntN(3) > 0 {
		g.send(e, begin, end)
	} else {
		g.poll(e, begin, end)
	}
	g.busy[process] = end
}

func (g *generator) send(e history.Event, begin, end int64) {
	g.next++
	e.F, e.Value = history.Send, g.next
	done := e
	done.Type = history.OK
	unknown := g.rnd.IntN(4) == 0
	if unknown {
		// An unknown outcome retires its process: it needs one of its own.
		g.fresh++
		e.Process, done.Process = 100+g.fresh, 100+g.fresh
		done.Type = history.Info
	}
	if unknown && g.rnd.IntN(2) == 0 {
		g.add(e, done, begin, end) // never happened
		return
	}
	offset := int64(len(g.log))
	g.log = append(g.log, e.Value)
	if !unknown {
		done.Offset = &offset
	}
	g.add(e, done, begin, end)
}

func (g *generator) poll(e history.Event, begin, end int64) {
	from := int64(g.rnd.IntN(len(g.log) + 1))
	e.F, e.Offset = history.Poll, &from
	done := e
	done.Type = history.OK
	upTo := from + int64(g.rnd.IntN(len(g.log)-int(from)+1))
	for o := from; o < upTo; o++ {
		done.Records = append(done.Records, history.Record{Offset: o, Value: g.log[o]})
	}
	g.add(e, done, begin, end)
}

func (g *generator) add(invoke, done history.Event, begin, end int64) {
	invoke.Type = history.Invoke
	invoke.Time, done.Time = begin, end
	g.ops = append(g.ops, generated{invoke, done})
}

func (g *generator) history() *history.History {
	h := &history.History{Header: history.Header{
		Format: history.Format, Version: history.Version,
		Config: history.Config{Acks: "all", MinISR: 2, ReplicationFactor: 1, Idempotent: true},
	}}
	var events []history.Event
	for _, op := range g.ops {
		events = append(events, op.invoke, op.done)
	}
	h.Events = inOrder(events)
	return h
}

// inOrder sorts events by time. Of one process the order stays, and equal times
// of others keep the order of drawing, which says nothing.
func inOrder(events []history.Event) []history.Event {
	sorted := make([]history.Event, 0, len(events))
	for len(events) > 0 {
		least := 0
		for i := range events {
			if events[i].Time < events[least].Time {
				least = i
			}
		}
		sorted = append(sorted, events[least])
		events = append(events[:least:least], events[least+1:]...)
	}
	for i := range sorted {
		sorted[i].Index = int64(i)
	}
	return sorted
}

// mutate makes a history that may be illegal.
func mutate(rnd *rand.Rand, h *history.History) {
	switch rnd.IntN(8) {
	case 0:
		forget(rnd, h)
	case 1, 2, 3:
		shift(rnd, h)
	default:
		swapOffsets(rnd, h)
	}
}

// forget takes a send out, so that those who read its value read a phantom.
func forget(rnd *rand.Rand, h *history.History) {
	if len(h.Events) == 0 {
		return
	}
	value := h.Events[rnd.IntN(len(h.Events))].Value
	h.Events = slices.DeleteFunc(h.Events, func(e history.Event) bool { return value != 0 && e.Value == value })
	h.Events = inOrder(h.Events)
}

// swapOffsets swaps the offsets of two acked sends, in every event that shows
// them.
func swapOffsets(rnd *rand.Rand, h *history.History) {
	var acked []int64
	for _, e := range h.Events {
		if e.F == history.Send && e.Type == history.OK {
			acked = append(acked, *e.Offset)
		}
	}
	if len(acked) < 2 {
		return
	}
	a, b := acked[rnd.IntN(len(acked))], acked[rnd.IntN(len(acked))]
	swap := func(o int64) int64 {
		switch o {
		case a:
			return b
		case b:
			return a
		}
		return o
	}
	for i := range h.Events {
		e := &h.Events[i]
		if e.F == history.Send && e.Offset != nil {
			o := swap(*e.Offset)
			e.Offset = &o
		}
		for j := range e.Records {
			e.Records[j].Offset = swap(e.Records[j].Offset)
		}
	}
}

// shift moves one op later, and with it what its process does afterwards.
func shift(rnd *rand.Rand, h *history.History) {
	if len(h.Events) == 0 {
		return
	}
	at := &h.Events[rnd.IntN(len(h.Events))]
	process, from, by := at.Process, at.Index, int64(1+rnd.IntN(6))
	for i := range h.Events {
		if e := &h.Events[i]; e.Process == process && e.Index >= from {
			e.Time += by
		}
	}
	h.Events = inOrder(h.Events)
}
