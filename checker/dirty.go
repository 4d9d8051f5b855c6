package checker

import (
	"fmt"

	"github.com/ackproof/ackproof/harness/history"
)

// dirtyReads: what a consumer read is committed, so each replica that was
// drained past the offset holds it there (checking rule 6).
func dirtyReads(r *run) []Verdict {
	f := finding{check: CheckDirtyRead}
	for _, p := range r.partitions {
		for _, w := range p.drains {
			for i := range p.cells {
				c := &p.cells[i]
				if !c.polled || !w.owes(c.offset) {
					continue
				}
				if !w.holds(c.offset, c.value) {
					f.add(r.vanished(p, w, history.Record{Offset: c.offset, Value: c.value}, c.poll))
				}
			}
		}
		p.dirtyConflicts(r, &f)
	}
	return []Verdict{f.unless(r.undrained(), r.promise.Durability)}
}

// dirtyConflicts looks at the second values that polls saw at an offset.
func (p *partition) dirtyConflicts(r *run, f *finding) {
	for _, c := range p.conflicts {
		if !c.polled {
			continue
		}
		for _, w := range p.drains {
			if w.owes(c.offset) && !w.holds(c.offset, c.value) {
				f.add(r.vanished(p, w, history.Record{Offset: c.offset, Value: c.value}, c.by.at))
				break
			}
		}
	}
}

func (r *run) vanished(p *partition, w *drain, rec history.Record, poll int32) func() (string, []Op) {
	return func() (string, []Op) {
		return fmt.Sprintf("value %d was read at offset %d of %s and is not there on node %d", rec.Value, rec.Offset, p, w.node),
			[]Op{p.reads[poll].op(p, &rec), p.drainOp(w, rec.Offset, nil)}
	}
}
