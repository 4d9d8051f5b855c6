package checker

import (
	"fmt"
	"slices"
)

// duplicates: a value is at one offset at most. Without idempotent producers a
// retry may append twice, at any time after the invocation and also after the
// ack; then copies are counted and nothing is alleged.
func duplicates(r *run) []Verdict {
	f := finding{check: CheckDuplicate}
	for _, p := range r.partitions {
		for _, at := range p.sends {
			s := &r.sends[at]
			offsets := p.places[s.value]
			if len(offsets) == 0 {
				continue
			}
			f.add(func() (string, []Op) {
				sorted := slices.Sorted(slices.Values(offsets))
				return fmt.Sprintf("value %d of %s is at offsets %v", s.value, p, sorted), []Op{s.op(), r.copyOp(p, s, sorted)}
			})
		}
	}
	if !r.config.Idempotent {
		return []Verdict{{Check: f.check, Status: OK, Count: f.count}}
	}
	return []Verdict{f.verdict(r.promise.Durability)}
}

// copyOp shows a copy of s other than the one that its ack names.
func (r *run) copyOp(p *partition, s *send, offsets []int64) Op {
	for _, o := range offsets {
		if o == s.offset {
			continue
		}
		if c := p.cells[p.rank(o)]; c.value == s.value {
			return r.show(p, c.by, o, s.value)
		}
		for _, c := range p.conflicts {
			if c.offset == o && c.value == s.value {
				return r.show(p, c.by, o, s.value)
			}
		}
	}
	return s.op()
}
