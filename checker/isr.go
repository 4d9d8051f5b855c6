package checker

import (
	"fmt"
	"slices"

	"github.com/ackproof/ackproof/harness/history"
)

// sighting is what somebody saw of a partition's ISR.
type sighting struct {
	line   int
	at     int64 // nanoseconds since the run's base
	epoch  int32
	leader int // none if it had none
	isr    []int
}

func (r *run) addSighting(e *history.Event, line int) {
	key := partitionKey{e.Topic, e.Partition}
	r.sightings[key] = append(r.sightings[key], sighting{line: line, at: e.Time, epoch: *e.LeaderEpoch, leader: intOr(e.Node), isr: e.ISR})
}

// watched follows what was seen of one partition's ISR, loss by loss.
type watched struct {
	sightings []sighting
	// left says by loss of data where in the sightings its nodes had left the ISR.
	left map[*fault]int
}

// settled is when nothing of a loss goes on any more: it and each fault that began
// before it was settled were healed a while ago. Faults may keep anybody from being
// fenced, as they may keep the quorum from having a leader.
func (f *fault) settled(all []fault) int64 {
	at := f.after()
	for _, g := range all { // in the order of their begins
		if g.began <= at {
			at = max(at, g.after())
		}
	}
	return at
}

// after is when the consequences of a fault are over, by itself.
func (f *fault) after() int64 {
	if f.healed == never {
		return never
	}
	return f.healed + int64(recovery)
}

// survives says why a loss may have taken the last copy of what was acked; nothing if
// it was seen that it did not. Who is in the ISR has all that was acked: so a copy is
// left as long as the ISR does not consist of the lost alone, until they are out of
// it. They come back when they have caught up with who was left.
//
// One that was the last member stays in the ISR and leads again with what it has
// (KIP-966). Before that it leads nothing: it has to register anew, for which it is
// fenced, and then the partition has no leader in an epoch of its own. So it must be
// seen that the lost left the ISR, and no epoch in which nobody but them could lead.
//
// Until it is fenced, a leader may have asked for it to join, for what it held before,
// and the controller grants that. So it may be back with nothing, and then be the last
// member: until the loss is settled such an epoch leaves it in doubt, too.
func (w *watched) survives(f *fault, settled int64) string {
	lost := w.lacking(f)
	first := w.before(f.line)
	if first < 0 {
		return "nobody saw its ISR before"
	}
	last := w.sightings[first]
	for at := first; at < len(w.sightings); at++ {
		s := w.sightings[at]
		member := slices.ContainsFunc(s.isr, func(node int) bool { return slices.Contains(lost, node) })
		switch {
		case s.epoch < last.epoch:
			continue // by somebody who is behind
		case mayHide(last, s, lost):
			return fmt.Sprintf("nobody saw its leader between epochs %d and %d", last.epoch, s.epoch)
		case member && s.leader == none:
			return fmt.Sprintf("nobody was left to lead it in epoch %d but nodes %v", s.epoch, s.isr)
		case !member && at > first:
			if _, known := w.left[f]; !known {
				w.left[f] = at
			}
			if s.at > settled {
				return ""
			}
		}
		last = s
	}
	if _, known := w.left[f]; !known {
		return "nobody saw them leave its ISR"
	}
	return ""
}

// mayHide tells whether an epoch in which nobody but the lost could lead may lie between
// two sightings. The last member led before and leads after it, each in an epoch of
// its own, since who leads is in the ISR for all of its epoch, and from one to the next
// it passes to a member.
func mayHide(a, b sighting, lost []int) bool {
	needed := int32(2)
	for _, s := range []sighting{a, b} {
		if !slices.Contains(lost, s.leader) {
			needed++
		}
	}
	return b.epoch-a.epoch >= needed
}

// before is the last sighting before a line; -1 if there is none.
func (w *watched) before(line int) int {
	at, _ := slices.BinarySearchFunc(w.sightings, line, func(s sighting, line int) int { return s.line - line })
	return at - 1
}

// lacking are the nodes that lack data once a loss has begun: its own, and those of
// losses before it, of which w knows that they survive, that were not seen back in the ISR.
func (w *watched) lacking(f *fault) []int {
	lost := slices.Clone(f.nodes)
	for g, left := range w.left {
		since := w.sightings[left:max(left, w.before(f.line)+1)]
		for _, node := range g.nodes {
			if !slices.ContainsFunc(since, func(s sighting) bool { return slices.Contains(s.isr, node) }) {
				lost = append(lost, node)
			}
		}
	}
	return lost
}
