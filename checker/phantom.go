package checker

import (
	"fmt"

	"github.com/ackproof/ackproof/harness/history"
)

// phantoms: a value that is read was sent, to that partition, and not by an op
// that certainly failed. Every configuration promises this, acks=0 included.
func phantoms(r *run) []Verdict {
	phantom := finding{check: CheckPhantom}
	aborted := finding{check: CheckAborted}
	for _, p := range r.partitions {
		for i := range p.reads {
			d := &p.reads[i]
			for _, rec := range d.committed() {
				s := r.find(p, rec.Value)
				switch {
				case s == nil:
					phantom.add(func() (string, []Op) {
						return fmt.Sprintf("value %d at offset %d of %s was never sent there", rec.Value, rec.Offset, p),
							[]Op{d.op(p, &rec)}
					})
				case s.outcome == history.Fail:
					aborted.add(func() (string, []Op) {
						return fmt.Sprintf("value %d at offset %d of %s is of a send that failed", rec.Value, rec.Offset, p),
							[]Op{s.op(), d.op(p, &rec)}
					})
				}
			}
		}
	}
	return []Verdict{phantom.verdict(true), aborted.verdict(true)}
}
