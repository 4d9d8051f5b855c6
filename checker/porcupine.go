package checker

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// Porcupine is the second opinion on the order of appends: an independent
// search over the same ops, which must agree with the witness.
//
// The model is a log of which the offsets are known, so its state is the next
// rank alone: a hash of the values would be a function of it. An append takes
// the rank that its offset has. A read that showed rank n needs a log longer
// than n; in strict mode an empty read at n needs one no longer than n.
//
// A send of unknown outcome that turned up later has its offset and an open
// end; one that never turned up took no rank and is left out, for an op that
// may or may not have happened doubles the search. Every op is closed, the
// open ones after all others.

// searched is one op of the model.
type searched struct {
	rank         int  // the append's; a read's highest; an empty read's position
	f            int8 // one of the three below
	call, closed int64
	process      int
	by           claim
}

const (
	showsNone int8 = iota
	appends
	shows
)

// logModel starts from a log of first records.
func logModel(first int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return first },
		StepContext: func(_ context.Context, state, input, _ any) (bool, any) {
			next, op := state.(int), input.(*searched)
			switch op.f {
			case appends:
				return op.rank == next, next + 1
			case shows:
				return op.rank < next, next
			default:
				return next <= op.rank, next
			}
		},
		Hash: func(state any) uint64 { return uint64(state.(int)) * 0x9e3779b97f4a7c15 },
	}
}

// searchedOps turns a partition into the model's ops, by rank. A phantom was
// appended too, only nobody knows when.
func (p *partition) searchedOps(r *run) []searched {
	ops := make([]searched, 0, len(p.cells)+len(p.reads))
	for rank := range p.cells {
		c := &p.cells[rank]
		op := searched{rank: rank, f: appends, call: math.MinInt64, closed: never, by: c.by}
		if s := r.sender(c); s != nil {
			op.call, op.process, op.by = s.invoked, s.process, claim{send: true, at: c.sent}
			if s.acked() && s.offset == c.offset {
				op.closed = s.ended
			}
		}
		ops = append(ops, op)
	}
	for i := range p.reads {
		d := &p.reads[i]
		op := searched{rank: none, f: shows, call: d.invoked, closed: d.ended, process: d.process, by: claim{at: int32(i)}}
		for _, rec := range d.committed() {
			if rank, ok := p.holds(rec.Offset, rec.Value); ok {
				op.rank = max(op.rank, rank)
			}
		}
		if rank, ok := p.emptyAt(r, d); ok {
			op.rank, op.f = rank, showsNone
		}
		if op.rank != none {
			ops = append(ops, op)
		}
	}
	slices.SortStableFunc(ops, func(a, b searched) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.f, b.f)) })
	return ops
}

// binding leaves out the reads that others imply: a read of rank n says nothing
// where one of at least n ended no later, nor an empty read where one at most
// at n began no earlier. r concurrent reads cost 2^r states, so this is what
// lets a run with many consumers be searched at all.
func binding(ops []searched) []searched {
	kept := make([]searched, 0, len(ops))
	earliest := int64(math.MaxInt64)
	for i := len(ops) - 1; i >= 0; i-- {
		if op := ops[i]; op.f == shows {
			if op.closed >= earliest {
				continue
			}
			earliest = op.closed
		}
		kept = append(kept, ops[i])
	}
	slices.Reverse(kept)
	latest := int64(math.MinInt64)
	return slices.DeleteFunc(kept, func(op searched) bool {
		if op.f != showsNone {
			return false
		}
		if op.call <= latest {
			return true
		}
		latest = op.call
		return false
	})
}

// segment is a run of the log that is searched on its own.
type segment struct {
	first int // records before it
	ops   []searched
	// cutShort says that no sound cut came in time, and that ops are only the
	// part of the segment that memory allows: illegal is still illegal, but
	// legal is undecided.
	cutShort bool
}

// oversize is how many times the wanted size a segment may reach in search of
// a sound cut.
const oversize = 8

// segments cuts a partition's ops, sorted by rank, into parts of about size.
//
// A cut before rank k is sound where no op before it began after an op behind
// it had ended. Then the log's own order already says that all ops before the
// cut can take effect before all ops behind it: any legal orders of the two
// sides, one after the other, are legal together. Where two ops break the
// order, no cut between them is sound, so they stay in one segment.
func segments(ops []searched, size int) []segment {
	// ends[i] is the earliest end of ops[i:].
	ends := make([]int64, len(ops)+1)
	ends[len(ops)] = math.MaxInt64
	for i := len(ops) - 1; i >= 0; i-- {
		ends[i] = min(ends[i+1], endOf(&ops[i]))
	}
	var out []segment
	start, begun := 0, int64(math.MinInt64)
	for i := range ops {
		fresh := i > start && ops[i].f == appends // ops of one rank stay together
		switch {
		case fresh && i-start >= size && begun <= ends[i]:
			out = append(out, segment{first: ops[start].rank, ops: ops[start:i]})
			start = i
		case fresh && i-start >= size*oversize:
			out = append(out, segment{first: ops[start].rank, ops: ops[start:i], cutShort: true})
			start = i
		}
		begun = max(begun, beginOf(&ops[i]))
	}
	if start < len(ops) {
		out = append(out, segment{first: ops[start].rank, ops: ops[start:]})
	}
	return out
}

// beginOf and endOf are the bounds that an op puts on the log: a read of a
// record says nothing of how long the log may have been before, and an empty
// read nothing of how long it must become.
func beginOf(op *searched) int64 {
	if op.f == shows {
		return math.MinInt64
	}
	return op.call
}

func endOf(op *searched) int64 {
	if op.f == showsNone {
		return math.MaxInt64
	}
	return op.closed
}

// operations closes the open ops, after all others, and begins those of unknown
// beginning before all others.
func (s segment) operations() []porcupine.Operation {
	first, last := int64(never), int64(math.MinInt64)
	for i := range s.ops {
		for _, time := range []int64{s.ops[i].call, s.ops[i].closed} {
			if time != never && time != math.MinInt64 {
				first, last = min(first, time), max(last, time)
			}
		}
	}
	if first > last { // nobody knows anything: all of them phantoms
		first, last = 0, 0
	}
	out := make([]porcupine.Operation, len(s.ops))
	for i := range s.ops {
		op := &s.ops[i]
		out[i] = porcupine.Operation{ClientId: op.process, Input: op,
			Call: max(op.call, first-1), Return: min(op.closed, last+1)}
	}
	return out
}

func (s segment) search(limit time.Duration) porcupine.CheckResult {
	result := porcupine.CheckOperationsTimeout(logModel(s.first), s.operations(), limit)
	if result == porcupine.Ok && s.cutShort {
		return porcupine.Unknown
	}
	return result
}

// opinion sums up Porcupine's answers over the partitions.
type opinion struct {
	segments, ops int
	undecided     int
	disagree      finding
}

// compare searches a partition and holds the answer against the witness's.
func (o *opinion) compare(r *run, p *partition, legal bool) {
	undecided, illegal := 0, false
	for _, s := range segments(binding(p.searchedOps(r)), r.options.PorcupineSegmentOps) {
		o.segments++
		o.ops += len(s.ops)
		switch s.search(r.options.PorcupineTimeout) {
		case porcupine.Illegal:
			illegal = true
		case porcupine.Unknown:
			undecided++
		}
	}
	switch {
	case illegal && legal:
		o.disagree.add(func() (string, []Op) {
			return fmt.Sprintf("Porcupine finds the order of %s illegal and the witness does not: a bug of this checker", p), nil
		})
	case !illegal && !legal && undecided == 0:
		o.disagree.add(func() (string, []Op) {
			return fmt.Sprintf("the witness finds the order of %s illegal and Porcupine does not: a bug of this checker", p), nil
		})
	case !illegal:
		o.undecided += undecided
	}
}

func (o *opinion) verdicts() []Verdict {
	second := Verdict{Check: CheckSecondOpinion, Status: OK,
		Evidence: map[string]any{"segments": o.segments, "ops": o.ops}}
	if o.undecided > 0 {
		second.Status, second.Count = Unknown, o.undecided
		second.Reason = fmt.Sprintf("Porcupine could not decide %d of %d segments", o.undecided, o.segments)
	}
	return []Verdict{second, o.disagree.verdict(false)}
}
