package checker

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ackproof/ackproof/harness/history"
)

// endOffsets: an end-offset query that begins after another ended, and is
// answered under an equal or newer leader epoch, returns no less (KIP-207).
// Under an older epoch it is a stale answer of an ex-leader, which is allowed;
// without epochs nothing can be said. The end at which a drain arrives is as new as can
// be, whatever the epoch.
func endOffsets(r *run) []Verdict {
	f := finding{check: CheckEndOffset}
	for _, p := range r.partitions {
		var asked []*read
		for i := range p.reads {
			if d := &p.reads[i]; d.f == history.EndOffset && d.outcome == history.OK && d.epoch != none {
				asked = append(asked, d)
			}
		}
		// Reads are in order of invocation already; answers come in their own.
		answered := slices.Clone(asked)
		slices.SortStableFunc(answered, func(a, b *read) int { return cmp.Compare(a.ended, b.ended) })
		highest := map[int64]*read{} // by leader epoch, of answers before the query at hand
		at := 0
		for _, d := range asked {
			for ; at < len(answered) && answered[at].ended < d.invoked; at++ {
				a := answered[at]
				if before := highest[a.epoch]; before == nil || a.offset > before.offset {
					highest[a.epoch] = a
				}
			}
			if before := highestUpTo(highest, d.epoch); before != nil && before.offset > d.offset {
				f.add(func() (string, []Op) {
					return fmt.Sprintf("the end of %s went back from %d under epoch %d to %d under epoch %d",
						p, before.offset, before.epoch, d.offset, d.epoch), []Op{before.op(p, nil), d.op(p, nil)}
				})
			}
		}
		f.shrunk(p)
	}
	return []Verdict{f.verdict(r.promise.Durability)}
}

// shrunk finds drains that end before what somebody was told to be the end: a complete
// one has read a marker that was appended after that.
func (f *finding) shrunk(p *partition) {
	var highest *read
	for i := range p.reads {
		if d := &p.reads[i]; d.f == history.EndOffset && d.outcome == history.OK && (highest == nil || d.offset > highest.offset) {
			highest = d
		}
	}
	for _, w := range p.drains {
		if w.complete && highest != nil && highest.ended < w.began && highest.offset > w.end {
			f.add(func() (string, []Op) {
				return fmt.Sprintf("the end of %s was %d, and %d when node %d was drained", p, highest.offset, w.end, w.node),
					[]Op{highest.op(p, nil), p.drainOp(w, w.end, nil)}
			})
		}
	}
}

func highestUpTo(highest map[int64]*read, epoch int64) *read {
	var best *read
	for e, d := range highest {
		if e > epoch {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(d.offset, best.offset), cmp.Compare(best.line, d.line)) > 0 {
			best = d
		}
	}
	return best
}
