package checker

import (
	"fmt"
	"slices"
)

// underMinISR finds acks that the broker had no right to give. acks=all says
// that every member of the ISR has the record, and min.insync.replicas that
// these are so many; a replica gets the record by fetching it after the send
// was invoked and before it was acked. So where a replica was dead or stopped
// for all of that time, it was none of them, and where too few are left, the
// broker acked with fewer copies than it was told to make. No configuration of
// elections and no loss of a disk excuses that: it is promised always.
//
// A retry inside the client changes nothing, since the invocation is that of
// the op: the record did not exist before it.
func underMinISR(r *run) []Verdict {
	f := finding{check: CheckUnderMinISR}
	least := r.config.MinISR
	if reason := r.copiesUnknown(); reason != "" {
		return []Verdict{{Check: f.check, Status: Skipped, Reason: reason}}
	}
	unknown := ""
	for _, p := range r.partitions {
		undrained := len(p.drains) < r.config.ReplicationFactor
		if len(p.sends) == 0 || undrained && p.deleted() {
			continue // nothing was acked, or nobody can tell by how many
		}
		if undrained {
			unknown = fmt.Sprintf("the replicas of %s are known by their drains, and %d of %d were drained",
				p, len(p.drains), r.config.ReplicationFactor)
			continue
		}
		outages := p.outages(r.faults)
		for _, at := range p.sends {
			s := &r.sends[at]
			if !s.acked() {
				continue
			}
			down := outages.throughout(s.invoked, s.ended)
			if alive := len(p.drains) - len(down); alive < least {
				f.add(func() (string, []Op) {
					return fmt.Sprintf("value %d was sent and acked at offset %d of %s while its replicas %v of %v were down: "+
						"acked with %d copies at most, and acks=all min.isr=%d promises %d",
						s.value, s.offset, p, down, p.replicas(), alive, least, least), []Op{s.op()}
				})
			}
		}
	}
	return []Verdict{f.unless(unknown, true)}
}

// copiesUnknown says why nobody can tell how many copies an ack stood for.
func (r *run) copiesUnknown() string {
	switch c := r.config; {
	case c.Acks != "all":
		return fmt.Sprintf("acks=%s asks for no copies", c.Acks)
	case c.MinISR == 0:
		return "min.insync.replicas is not known"
	case c.ReplicationFactor < c.MinISR:
		return fmt.Sprintf("%d replicas per partition are known, fewer than min.isr=%d", c.ReplicationFactor, c.MinISR)
	}
	return ""
}

// replicas are the nodes that a partition was drained from, ascending.
func (p *partition) replicas() []int {
	nodes := make([]int, 0, len(p.drains))
	for _, w := range p.drains {
		nodes = append(nodes, w.node)
	}
	return nodes
}

// stopsNodes are the kinds of fault under which a node does nothing. Under a stop
// it still does for a while; the heal of that brings it back like theirs.
var (
	stopsNodes     = []string{kill, "pause", wipe, power}
	bringsThemBack = append([]string{stop}, stopsNodes...)
)

// outage is a time in which a node did nothing: it was dead or stopped at its
// begin, and nobody had begun to bring it back at its end.
type outage struct {
	node       int
	began, end int64
}

type outages []outage

// outages are those of a partition's replicas that faults with evidence prove.
// The begin of a fault is recorded when it is in force. Any healing that
// touches the node ends the outage, also that of another fault: a node that was
// paused and then killed runs again when the kill is healed.
func (p *partition) outages(faults []fault) outages {
	var proven outages
	for _, node := range p.replicas() {
		for i := range faults {
			f := &faults[i]
			if !f.hit() || !f.stops(node) {
				continue
			}
			end := f.healing
			for j := range faults {
				if other := &faults[j]; other.bringsBack(node) && other.healed > f.began {
					end = min(end, max(other.healing, f.began))
				}
			}
			proven = append(proven, outage{node: node, began: f.began, end: end})
		}
	}
	return proven
}

func (f *fault) bringsBack(node int) bool {
	return slices.Contains(bringsThemBack, f.kind) && slices.Contains(f.nodes, node)
}

func (f *fault) stops(node int) bool {
	return slices.Contains(stopsNodes, f.kind) && slices.Contains(f.nodes, node)
}

// throughout returns the nodes that were down for all of the time from began to
// ended.
func (o outages) throughout(began, ended int64) []int {
	var nodes []int
	for _, w := range o {
		if w.began <= began && ended <= w.end && !slices.Contains(nodes, w.node) {
			nodes = append(nodes, w.node)
		}
	}
	return nodes
}
