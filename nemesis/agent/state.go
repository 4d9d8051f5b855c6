package agent

// State is everything that is wrong with one node. Its zero value is a healthy
// node.
type State struct {
	// Gen numbers the states of one run; it comes back in Applied. A state with
	// a Gen below the one in force is refused: it was overtaken.
	Gen int64 `json:"gen"`
	// Seed makes the losses, jitters and reorderings of this node repeatable,
	// packet by packet of a peer. It is read when a link's fault changes.
	Seed uint64 `json:"seed,omitempty"`
	// Peers are the IPv4 addresses that packets come from, by name. Host clients
	// reach a container through the bridge's gateway, so that address is their
	// peer.
	Peers map[string]string `json:"peers,omitempty"`
	// Links is what is wrong with what arrives here from a peer; a missing entry
	// is a healthy link. Acting at the receiver makes a cut look like a cut cable:
	// a packet dropped at its sender's output is an EPERM to the sender.
	Links map[string]Link `json:"links,omitempty"`
	// Pause stops what it matches, as SIGSTOP does.
	Pause []Match `json:"pause,omitempty"`
	Clock *Clock  `json:"clock,omitempty"`
}

// Link is one direction's fault, peer to node.
type Link struct {
	// Cut drops every packet.
	Cut bool `json:"cut,omitempty"`
	// CutReplies drops every packet to the peer, at the node's output. It is for
	// a peer without an agent, such as the host's clients; between nodes the
	// receiver cuts. The node's TCP takes the drop for a full queue and tries
	// again.
	CutReplies bool `json:"cut_replies,omitempty"`
	// Reset answers every TCP packet with a RST to the peer: open connections
	// break, new ones are refused.
	Reset bool `json:"reset,omitempty"`
	// LossPercent drops this share of the packets, 0 to 100.
	LossPercent float64 `json:"loss_percent,omitempty"`
	// DelayMS holds every packet back, 0 to 60000.
	DelayMS int64 `json:"delay_ms,omitempty"`
	// JitterMS adds 0 to this to the delay, drawn evenly per packet.
	JitterMS int64 `json:"jitter_ms,omitempty"`
	// Reorder lets a packet with a small jitter overtake; without it the order of
	// arrival is kept. It needs a jitter.
	Reorder bool `json:"reorder,omitempty"`
}

// Shaped tells whether the link delays or loses packets at random, which needs
// more than a filter rule.
func (l Link) Shaped() bool { return l.LossPercent > 0 || l.DelayMS > 0 || l.JitterMS > 0 }

// Match picks processes of the node's pid namespace, each with all its
// descendants. PID 1, which is the agent, is never picked. The zero value picks
// every other process.
type Match struct {
	// Name is the base name of the executable, or the kernel's name of the
	// process (its comm, 15 bytes).
	Name string `json:"name,omitempty"`
	// Cmdline is a part of the command line, its arguments joined by spaces.
	Cmdline string `json:"cmdline,omitempty"`
}

// Clock is what is wrong with the wall clock of what Match picks. At t after
// the state came into force a process reads the host's clock plus
//
//	offset_ms + t*(rate-1) + (strobe_ms in every second strobe_period_ms)
//
// A process that starts later reads the same clock. Monotonic clocks and the
// host's clock are untouched.
type Clock struct {
	Match    Match `json:"match,omitzero"`
	OffsetMS int64 `json:"offset_ms,omitempty"` // ten years at most, either way
	// Rate is the speed of the clock, 0.01 to 100; 0 stands for 1.
	Rate float64 `json:"rate,omitempty"`
	// StrobeMS is added in every second StrobePeriodMS (1 or more).
	StrobeMS       int64 `json:"strobe_ms,omitempty"`
	StrobePeriodMS int64 `json:"strobe_period_ms,omitempty"`
}
