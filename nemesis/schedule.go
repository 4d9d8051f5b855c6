// Package nemesis holds faults as values: what may go wrong, when, to whom. A
// schedule is drawn from a seed and written down before the run; it names
// targets by role, which are resolved when a step begins. The nemesis promises
// that every fault is healed, also when the run is cut short, and that each
// comes with evidence of whether it bit. It knows clusters only through the
// Cluster interface. The file format is described in docs/schedule.md.
package nemesis

import (
	"slices"
	"time"
)

// Format and Version name the schedule's file format.
const (
	Format  = "ackproof-schedule"
	Version = 1
)

// Schedule is the faults of one run, in order of their start.
type Schedule struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	// Name says what it was drawn from, or what a directed schedule shows.
	Name  string `json:"name"`
	Seed  uint64 `json:"seed"`
	Nodes int    `json:"nodes"`
	// Length is how long clients run: faults begin and heal within it.
	Length Millis `json:"length_ms"`
	Steps  []Step `json:"steps"`
}

// Millis is a span in milliseconds, as schedules store it.
type Millis int64

// Duration converts to Go's unit.
func (m Millis) Duration() time.Duration { return time.Duration(m) * time.Millisecond }

// Step is one fault: applied at At after the workload's start, healed For later.
type Step struct {
	ID  int    `json:"id"`
	At  Millis `json:"at_ms"`
	For Millis `json:"for_ms"`
	// Upon, if set, is the event that the step waits for when it is due, for half of
	// its time at most.
	Upon Event `json:"upon,omitempty"`
	// Later is how long after its event the step begins, so that something can happen
	// in between.
	Later Millis `json:"later_ms,omitempty"`
	Fault Fault  `json:"fault"`
}

// Kind is the kind of a fault.
type Kind string

// The kinds. A kill's heal is the restart with the same data; a wipe is a kill
// that also loses the replica's partition data (not the metadata quorum's), so
// its heal restarts an empty replica. SkewClock makes a broker's wall clock
// wrong, and nobody else's. Stop, Elect, Power and Disk have files of their own.
const (
	Partition Kind = "partition"
	Kill      Kind = "kill"
	Pause     Kind = "pause"
	Wipe      Kind = "wipe"
	SkewClock Kind = "clock"
)

// The kinds that make links bad and cut none. Delay delivers late, Loss loses
// packets, Reset breaks connections and refuses new ones, and Reorder lets
// packets overtake each other.
const (
	Delay   Kind = "delay"
	Loss    Kind = "loss"
	Reset   Kind = "reset"
	Reorder Kind = "reorder"
)

// linkKinds are the kinds that act on links, in a shape.
var linkKinds = []Kind{Partition, Delay, Loss, Reset, Reorder}

// OnLinks tells whether faults of the kind act on links, in a shape.
func (k Kind) OnLinks() bool { return slices.Contains(linkKinds, k) }

// Fault is what a step does.
type Fault struct {
	Kind   Kind   `json:"kind"`
	Target Target `json:"target"`
	// Shape says on which links a fault of links acts.
	Shape Shape `json:"shape,omitempty"`
	// Clients says whether it acts on the target's links with clients too.
	Clients bool `json:"clients,omitempty"`
	// Peer, if set, is whose links with the target alone are bad.
	Peer Target `json:"peer,omitempty"`
	// Delay and Jitter are those of a delay and of a reorder, Loss that of a loss.
	Delay  Millis  `json:"delay_ms,omitempty"`
	Jitter Millis  `json:"jitter_ms,omitempty"`
	Loss   float64 `json:"loss_percent,omitempty"`
	// Clock is what a clock fault does to the wall clock.
	Clock Clock `json:"clock,omitzero"`
	// Torn says whether a power loss leaves torn pieces of what was not synced.
	Torn bool `json:"torn,omitempty"`
	// PowerOff says whether a stop ends with the machine being switched off.
	PowerOff bool `json:"power_off,omitempty"`
	// MidStep says whether a kill comes between two effects of one step.
	MidStep bool `json:"mid_step,omitempty"`
	// Disk is what a disk fault does to the disk.
	Disk DiskMode `json:"disk,omitempty"`
}

// Shape is on which links a fault acts, told for a partition.
type Shape string

// The shapes. Isolate cuts the target off all other nodes, Pair off the next one
// only, so that both still see everybody else; Halves leaves the
// target in the minority; OneWayIn and OneWayOut cut one direction only; Ring
// lets each node see its two neighbours; Bridge lets only the target see both
// halves (ring and bridge need 5 nodes).
const (
	Isolate   Shape = "isolate"
	Pair      Shape = "pair"
	Halves    Shape = "halves"
	OneWayIn  Shape = "one-way-in"
	OneWayOut Shape = "one-way-out"
	Ring      Shape = "ring"
	Bridge    Shape = "bridge"
)

// Target names the nodes a fault hits, by role at the time it begins:
// "leader" (of the partition under test), "controller", "follower" (an ISR
// follower), "replica" (any that does not lead, in the ISR or not), "followers"
// (all of them), "laggard" (the one whose log is the shortest), "last-isr" (the only
// ISR member left), "majority", "all", or "node:N".
type Target string

// The targets; see also Node.
const (
	Leader     Target = "leader"
	Controller Target = "controller"
	Follower   Target = "follower"
	Replica    Target = "replica"
	Followers  Target = "followers"
	Laggard    Target = "laggard"
	LastISR    Target = "last-isr"
	Majority   Target = "majority"
	All        Target = "all"
)
