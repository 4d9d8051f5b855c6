package checker

import (
	"fmt"

	"github.com/ackproof/ackproof/harness/history"
)

// replicas: two drained replicas hold the same records below the smaller of
// their watermarks. Above it one of them is only behind.
func replicas(r *run) []Verdict {
	f := finding{check: CheckReplicas}
	compared := false
	for _, p := range r.partitions {
		for i, a := range p.drains {
			for _, b := range p.drains[i+1:] {
				if a.end == none || b.end == none {
					continue
				}
				compared = true
				p.compare(a, b, &f)
			}
		}
	}
	if !compared {
		return []Verdict{{Check: CheckReplicas, Status: Skipped, Reason: "fewer than two replicas of a partition were drained"}}
	}
	return []Verdict{f.verdict(r.promise.Durability)}
}

// compare merges two drains by offset and counts the offsets at which they
// differ.
func (p *partition) compare(a, b *drain, f *finding) {
	from, end := max(a.from, b.from), min(a.end, b.end)
	left, right := clip(a.records, from, end), clip(b.records, from, end)
	for len(left) > 0 || len(right) > 0 {
		switch {
		case len(right) == 0 || (len(left) > 0 && left[0].Offset < right[0].Offset):
			f.add(p.onlyOn(a, b, left[0]))
			left = left[1:]
		case len(left) == 0 || right[0].Offset < left[0].Offset:
			f.add(p.onlyOn(b, a, right[0]))
			right = right[1:]
		default:
			if l, r := left[0], right[0]; l.Value != r.Value {
				f.add(func() (string, []Op) {
					return fmt.Sprintf("at offset %d of %s node %d holds value %d and node %d value %d",
							l.Offset, p, a.node, l.Value, b.node, r.Value),
						[]Op{p.drainOp(a, l.Offset, &l), p.drainOp(b, r.Offset, &r)}
				})
			}
			left, right = left[1:], right[1:]
		}
	}
}

func (p *partition) onlyOn(a, b *drain, rec history.Record) func() (string, []Op) {
	return func() (string, []Op) {
		return fmt.Sprintf("offset %d of %s holds value %d on node %d and nothing on node %d",
				rec.Offset, p, rec.Value, a.node, b.node),
			[]Op{p.drainOp(a, rec.Offset, &rec), p.drainOp(b, rec.Offset, nil)}
	}
}

// clip cuts ascending records to [from, end).
func clip(recs []history.Record, from, end int64) []history.Record {
	for len(recs) > 0 && recs[0].Offset < from {
		recs = recs[1:]
	}
	n := len(recs)
	for n > 0 && recs[n-1].Offset >= end {
		n--
	}
	return recs[:n]
}
