package checker

import "fmt"

// agreement: an offset holds one value for ever, over all acks, all reads by
// anyone and all replicas below their watermarks.
func agreement(r *run) []Verdict {
	f := finding{check: CheckAgreement}
	for _, p := range r.partitions {
		seen := map[int64]bool{}
		for _, c := range p.conflicts {
			if seen[c.offset] {
				continue
			}
			seen[c.offset] = true
			f.add(func() (string, []Op) {
				first := p.cells[p.rank(c.offset)]
				return fmt.Sprintf("offset %d of %s holds value %d and value %d", c.offset, p, first.value, c.value),
					[]Op{r.show(p, first.by, first.offset, first.value), r.show(p, c.by, c.offset, c.value)}
			})
		}
	}
	return []Verdict{f.verdict(r.promise.Durability)}
}
