package nemesis

import "fmt"

// Links holds the links that are not healthy.
type Links map[Link]LinkState

// LinkState is what is wrong with a link.
type LinkState struct {
	// Cut holds all bytes back until it is healed, as retransmission does on a
	// real network.
	Cut bool `json:"cut,omitempty"`
	// Reset breaks the connections that are open, and refuses new ones.
	Reset bool `json:"reset,omitempty"`
	// Delay shifts what is sent, and Jitter shifts each packet by up to as much
	// again. Their order stays, unless Reorder lets the faster ones overtake.
	Delay   Millis `json:"delay_ms,omitempty"`
	Jitter  Millis `json:"jitter_ms,omitempty"`
	Reorder bool   `json:"reorder,omitempty"`
	// Loss is the share of packets that are lost, in percent.
	Loss float64 `json:"loss_percent,omitempty"`
}

// maxDelay is longer than anybody waits for an answer.
const maxDelay Millis = 60_000

// Validate names the first field that cannot be. A comparison with NaN is false,
// so the allowed range is what is asked for.
func (s LinkState) Validate() error {
	switch {
	case s.Delay < 0 || s.Delay > maxDelay:
		return fmt.Errorf("delay_ms %d: allowed are 0 to %d", s.Delay, maxDelay)
	case s.Jitter < 0 || s.Jitter > maxDelay:
		return fmt.Errorf("jitter_ms %d: allowed are 0 to %d", s.Jitter, maxDelay)
	case !(s.Loss >= 0 && s.Loss <= 100):
		return fmt.Errorf("loss_percent %v: allowed are 0 to 100", s.Loss)
	case s.Reorder && s.Jitter == 0:
		return fmt.Errorf("jitter_ms 0: allowed is 1 or more where packets overtake, those of equal delay keep their order")
	}
	return nil
}

// Slow tells whether the link delivers later than it could.
func (s LinkState) Slow() bool { return s.Delay > 0 || s.Jitter > 0 }

// and is what is wrong with a link that two faults act on.
func (s LinkState) and(other LinkState) LinkState {
	return LinkState{
		Cut: s.Cut || other.Cut, Reset: s.Reset || other.Reset, Reorder: s.Reorder || other.Reorder,
		Delay: max(s.Delay, other.Delay), Jitter: max(s.Jitter, other.Jitter), Loss: max(s.Loss, other.Loss),
	}
}

// merge is the union of links that several faults act on.
func merge(into, more Links) {
	for link, state := range more {
		into[link] = into[link].and(state)
	}
}
