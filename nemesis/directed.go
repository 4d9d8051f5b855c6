package nemesis

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Directed returns a schedule made for one purpose: to make an unsafe
// configuration lose acked writes, or to bring about what only a broken broker
// acks under or takes notice of. The times assume a broker session timeout and a
// replica.lag.time.max.ms of 1 s each.
//
// Three of them need an ISR that shrinks to its leader while the metadata
// quorum lives on: a leader cannot shrink its ISR without it. So they run on
// five nodes with replication factor 3, where the two followers can die and
// three voters stay. With three nodes and replication factor 3 both followers' death
// stops the quorum, nothing is acked, and nothing is lost.
func Directed(name string) (Schedule, error) {
	s, ok := directed[name]
	if !ok {
		return Schedule{}, fmt.Errorf("directed schedule %q: allowed are %s", name, strings.Join(DirectedNames(), ", "))
	}
	s.Format, s.Version, s.Name = Format, Version, name
	s.Steps = slices.Clone(s.Steps)
	return s, nil
}

// DirectedNames lists the directed schedules.
func DirectedNames() []string { return slices.Sorted(maps.Keys(directed)) }

// isolatedLeader leaves clients with a leader whom the others have replaced:
// what it acks alone from 2.0 s on is truncated when it comes back at 6.5 s.
// Session expiry takes 1 s, and one more if the leader was the controller too.
var isolatedLeader = Schedule{
	Nodes: 3, Length: 9000,
	Steps: []Step{
		{ID: 1, At: 2000, For: 4500, Fault: Fault{Kind: Partition, Shape: Isolate, Target: Leader}},
	},
}

var jumpingController = Fault{Kind: SkewClock, Target: Controller, Clock: Clock{Offset: hour, StrobePeriod: 170}}

var directed = map[string]Schedule{
	"acks1-loss": isolatedLeader,
	"acks0-loss": isolatedLeader,

	// The followers are fenced at about 2.5 s and the leader acks alone until
	// it dies at 5.5 s. The followers come back at 6.0 s, the leader's session
	// is over at 6.5 s, and one of them is elected although it was out of the
	// ISR. The leader returns at 8.5 s and truncates what it had acked.
	"unclean-loss": {
		Nodes: 5, Length: 10000,
		Steps: []Step{
			{ID: 1, At: 1500, For: 4500, Fault: Fault{Kind: Kill, Target: Followers}},
			{ID: 2, At: 5500, For: 3000, Fault: Fault{Kind: Kill, Target: Leader}},
		},
	},

	// Last replica standing: the ISR never gets empty, so its last member stays
	// in it when it dies at 5.0 s, and it leads again at 6.5 s, with a disk that
	// lost everything. The followers return at 8.0 s and truncate to its log.
	// KIP-966 (eligible leader replicas) is the remedy.
	"min-isr1-loss": {
		Nodes: 5, Length: 10000,
		Steps: []Step{
			{ID: 1, At: 1500, For: 6500, Fault: Fault{Kind: Kill, Target: Followers}},
			{ID: 2, At: 5000, For: 1500, Fault: Fault{Kind: Wipe, Target: LastISR}},
		},
	},

	// For two seconds, three times, the controller's wall clock jumps an hour ahead
	// and back, every 170 ms. Each jump ahead ends every session that is kept by
	// it, unless a heartbeat comes first; these are 200 ms apart, so that the jumps
	// find all moments between two of them.
	"clock-sessions": {
		Nodes: 3, Length: 9500,
		Steps: []Step{
			{ID: 1, At: 1500, For: 2000, Fault: jumpingController},
			{ID: 2, At: 4000, For: 2000, Fault: jumpingController},
			{ID: 3, At: 6500, For: 2000, Fault: jumpingController},
		},
	},

	// One follower dies and is fenced; acks go on, so that the run has work
	// between its faults. The other dies at 4.0 s and is out of the ISR at
	// about 5.5 s. From then until 8.0 s a leader that is alone refuses acks=all
	// with min.insync.replicas=2, or breaks its word. Nothing is lost, and no
	// disk need be: the acks themselves prove it.
	"under-min-isr": {
		Nodes: 5, Length: 10000,
		Steps: []Step{
			{ID: 1, At: 1500, For: 6500, Fault: Fault{Kind: Kill, Target: Follower}},
			{ID: 2, At: 4000, For: 4000, Fault: Fault{Kind: Kill, Target: Followers}},
		},
	},
}
