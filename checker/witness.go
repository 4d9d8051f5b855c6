package checker

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/ackproof/ackproof/harness/history"
)

// realTimeOrder checks rule 4, twice: by the witness and by Porcupine. Strict reads are
// a wish and not a promise of the protocol, so they have a check of their own.
func realTimeOrder(r *run) []Verdict {
	f := finding{check: CheckRealTime}
	stale := finding{check: CheckStaleRead}
	second := opinion{disagree: finding{check: CheckDisagree}}
	for _, p := range r.partitions {
		w := p.witness(r)
		first, late := w.realTime()
		f.addAll(late, func() (string, []Op) { return p.tell(r, first) })
		legal := late == 0
		if pairs := w.programOrder(r); legal {
			f.addAll(len(pairs), func() (string, []Op) { return p.tell(r, pairs[0]) })
		}
		if legal && r.options.StrictReads {
			w.readStrictly(r)
			first, late := w.realTime()
			stale.addAll(late, func() (string, []Op) { return p.tell(r, first) })
			legal = late == 0
		}
		if !r.options.WitnessAlone {
			second.compare(r, p, legal)
		}
	}
	out := []Verdict{f.verdict(r.promise.Durability)}
	if r.options.StrictReads {
		out = append(out, stale.verdict(false))
	}
	if r.options.WitnessAlone {
		return append(out, Verdict{Check: CheckSecondOpinion, Status: Skipped})
	}
	return append(out, second.verdicts()...)
}

// witness is the only order that the offsets allow, with the bounds in time
// that the ops put on each of its records. No search is needed: every record
// took effect no earlier than its lower bound and no later than its upper one,
// in ascending order, and such instants exist iff at each record the highest
// lower bound so far is not above its upper bound.
type witness struct {
	p *partition
	// lower is the invocation of the record's append; in strict mode also that
	// of an empty read at or below it. upper is the earliest completion of an
	// op that shows that the record is in the log: its ack, or a read of it.
	lower, upper []bound
}

// bound is an instant and the op that set it. by.at is none where there is no
// such op.
type bound struct {
	time int64
	by   claim
}

// pair shows that a log is out of order: the record at rank early, at a lower
// offset, was not there yet when the one at rank late was already.
type pair struct {
	early, late int
	first, then bound // then's op began after first's op had ended
}

// witness gathers the bounds, in one pass over the ops.
func (p *partition) witness(r *run) *witness {
	w := &witness{p: p, lower: make([]bound, len(p.cells)), upper: make([]bound, len(p.cells))}
	for rank := range p.cells {
		w.lower[rank] = bound{time: math.MinInt64, by: claim{at: none}}
		w.upper[rank] = bound{time: never, by: claim{at: none}}
		c := &p.cells[rank]
		s := r.sender(c)
		if s == nil {
			continue
		}
		by := claim{send: true, at: c.sent}
		w.lower[rank] = bound{time: s.invoked, by: by}
		// A copy of the value at another offset is not what the ack was for.
		if s.acked() && s.offset == c.offset {
			w.upper[rank] = bound{time: s.ended, by: by}
		}
	}
	for i := range p.reads {
		d := &p.reads[i]
		by := claim{at: int32(i)}
		for _, rec := range d.committed() {
			if rank, ok := p.holds(rec.Offset, rec.Value); ok && d.ended < w.upper[rank].time {
				w.upper[rank] = bound{time: d.ended, by: by}
			}
		}
	}
	return w
}

// readStrictly adds that an empty read saw the whole log there was.
func (w *witness) readStrictly(r *run) {
	for i := range w.p.reads {
		d := &w.p.reads[i]
		if rank, ok := w.p.emptyAt(r, d); ok && d.invoked > w.lower[rank].time {
			w.lower[rank] = bound{time: d.invoked, by: claim{at: int32(i)}}
		}
	}
}

// emptyAt returns the rank that a read shows to be absent at its invocation,
// which only strict reads do.
func (p *partition) emptyAt(r *run, d *read) (int, bool) {
	if !r.options.StrictReads || d.f != history.Poll || d.outcome != history.OK || len(d.records) > 0 || d.offset == none {
		return 0, false
	}
	rank := p.from(d.offset)
	return rank, rank < len(p.cells)
}

// realTime is the exact check: the first pair that breaks the order, and at how
// many records it is broken. Equal times are concurrent.
func (w *witness) realTime() (first pair, count int) {
	highest := 0
	for rank := range w.lower {
		if w.lower[rank].time > w.lower[highest].time {
			highest = rank
		}
		if w.lower[highest].time <= w.upper[rank].time {
			continue
		}
		count++
		if count == 1 {
			first = pair{early: highest, late: rank, first: w.upper[rank], then: w.lower[highest]}
		}
	}
	return first, count
}

// sight is the highest rank that a process had been shown when an op of its
// ended, and the op that showed it.
type sight struct {
	line, rank int
	shown      bound
}

// programOrder adds what times cannot say: within a process the order of lines
// binds, even where two times are equal. It returns the pairs in which a
// process's append landed below what the process had seen before it.
func (w *witness) programOrder(r *run) []pair {
	seen := w.sights(r)
	var pairs []pair
	for rank := range w.p.cells {
		s := r.sender(&w.p.cells[rank])
		if s == nil {
			continue
		}
		before := seen[s.process]
		n := sort.Search(len(before), func(i int) bool { return before[i].line > s.line })
		if n == 0 || before[n-1].rank <= rank {
			continue
		}
		pairs = append(pairs, pair{early: rank, late: before[n-1].rank, first: before[n-1].shown,
			then: bound{s.invoked, claim{send: true, at: w.p.cells[rank].sent}}})
	}
	return pairs
}

// sights returns what each sending process had been shown, by line.
func (w *witness) sights(r *run) map[int][]sight {
	seen := map[int][]sight{}
	for _, at := range w.p.sends {
		s := &r.sends[at]
		seen[s.process] = append(seen[s.process], sight{line: s.endLine, rank: w.rankOf(s.offset, s.value),
			shown: bound{s.ended, claim{send: true, at: at}}})
	}
	for i := range w.p.reads {
		d := &w.p.reads[i]
		if _, sends := seen[d.process]; !sends {
			continue
		}
		for _, rec := range d.committed() {
			seen[d.process] = append(seen[d.process], sight{line: d.endLine, rank: w.rankOf(rec.Offset, rec.Value),
				shown: bound{d.ended, claim{at: int32(i)}}})
		}
	}
	for _, of := range seen {
		slices.SortStableFunc(of, func(a, b sight) int { return cmp.Compare(a.line, b.line) })
		for i := 1; i < len(of); i++ {
			if of[i].rank < of[i-1].rank {
				of[i].rank, of[i].shown = of[i-1].rank, of[i-1].shown
			}
		}
	}
	return seen
}

// rankOf is the rank of an offset, or none where another value has it.
func (w *witness) rankOf(offset, value int64) int {
	if rank, ok := w.p.holds(offset, value); ok {
		return rank
	}
	return none
}

// tell prints a pair in two lines.
func (p *partition) tell(r *run, x pair) (string, []Op) {
	early, late := p.cells[x.early], p.cells[x.late]
	if !x.then.by.send {
		d := &p.reads[x.then.by.at]
		return fmt.Sprintf("offset %d of %s was there before a read from offset %d on began that found nothing", late.offset, p, d.offset),
			[]Op{r.show(p, x.first.by, late.offset, late.value), d.op(p, nil)}
	}
	if x.early == x.late {
		return fmt.Sprintf("offset %d of %s was seen before its append began", late.offset, p),
			[]Op{r.show(p, x.first.by, late.offset, late.value), r.show(p, x.then.by, early.offset, early.value)}
	}
	return fmt.Sprintf("offset %d of %s was there before the append at the lower offset %d began", late.offset, p, early.offset),
		[]Op{r.show(p, x.first.by, late.offset, late.value), r.show(p, x.then.by, early.offset, early.value)}
}
