package explore

import "github.com/ackproof/ackproof/nemesis"

// Most bugs of replication show only to a fault that comes while something is
// under way: an ISR that is about to change, an election that others have not
// heard of. In some profiles half of the steps wait for such an event.

// uponAtLeast is for how long a step that waits is meant to last, waiting included.
const uponAtLeast nemesis.Millis = 1000

// drawUpon draws the events that a profile's steps wait for: none in half of them.
func drawUpon(r dice) (events []nemesis.Event) {
	if r.IntN(2) == 0 {
		return nil
	}
	all := append(nemesis.Events(), nemesis.BecameLeader, nemesis.ISRProposed, nemesis.ISRChanged)
	for range 1 + r.IntN(3) {
		events = append(events, pick(r, all...))
	}
	return events
}

// awaiting lets a step wait for an event; it must end after so many ms.
func awaiting(s nemesis.Step, upon nemesis.Event, atMost nemesis.Millis) nemesis.Step {
	s.Upon, s.For = upon, min(max(s.For, uponAtLeast), atMost)
	return s
}
