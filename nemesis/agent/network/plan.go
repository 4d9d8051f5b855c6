package network

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// Action is what a rule does with the packets of one peer.
type Action string

// The actions.
const (
	Drop  Action = "drop"
	Reset Action = "reset" // TCP only; other packets fall through
	Queue Action = "queue" // to user space, for loss and delay
	// DropReplies drops what goes to the peer; all others act on what comes.
	DropReplies Action = "drop-replies"
)

// Rule is one filter rule at the input, or, for replies, at the output.
type Rule struct {
	Peer    string
	Address netip.Addr // of the peer
	Action  Action
}

// plan turns a valid state into rules, in an order that does not depend on
// that of a map, those at the output last. How a queued packet is treated is
// the state's Links again.
func plan(state agent.State) []Rule {
	var rules, replies []Rule
	for _, peer := range slices.Sorted(maps.Keys(state.Links)) {
		link := state.Links[peer]
		address := netip.MustParseAddr(state.Peers[peer])
		add := func(action Action) { rules = append(rules, Rule{peer, address, action}) }
		if link.CutReplies {
			replies = append(replies, Rule{peer, address, DropReplies})
		}
		switch {
		case link.Cut: // there is nothing left to delay
			add(Drop)
			continue
		case link.Reset:
			add(Reset)
		}
		if link.Shaped() {
			add(Queue)
		}
	}
	return append(rules, replies...)
}
