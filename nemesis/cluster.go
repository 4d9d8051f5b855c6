package nemesis

import (
	"context"
	"time"
)

// Cluster is what faults act on. Nodes are numbered 1..Size. Every call returns
// when the fault is in force (or healed), is idempotent, and may run beside
// others: a kill of several nodes calls Kill for each at the same time.
type Cluster interface {
	Size() int
	// Kill ends the node's process as kill -9 does.
	Kill(ctx context.Context, node int) error
	// Terminate asks the node's process to end in order, as SIGTERM does, and does
	// not wait for that: Running tells. A process is asked once.
	Terminate(ctx context.Context, node int) error
	// Restart starts a killed node with the data it had; it does not wait for
	// the node to be healthy.
	Restart(ctx context.Context, node int) error
	// WipeData removes the partition data of a killed node, not its share of
	// the metadata quorum.
	WipeData(ctx context.Context, node int) error
	Pause(ctx context.Context, node int) error
	Resume(ctx context.Context, node int) error
	// Running tells the process's state as the operating system reports it:
	// StateRunning, StateStopped (paused) or StateDead.
	Running(node int) (string, error)
	// Incarnation names the process that is or was last there, such as its pid:
	// a restart changes it.
	Incarnation(node int) (string, error)
	// EndedWell tells whether the process that is or was last there has ended by
	// itself and without an error, as one does that was asked to. It waits until that
	// is known of a process that Running tells is dead.
	EndedWell(ctx context.Context, node int) (bool, error)
	// DataBytes is the size of the node's partition data as it lies on its disk.
	DataBytes(node int) (int64, error)
	// SetLinks replaces the whole link state: a missing entry is a healthy link.
	SetLinks(ctx context.Context, links Links) error
	// LinkStats counts what each link carried and held back since the start.
	LinkStats() map[Link]LinkStats
	// SetClock makes the wall clock of the node's process wrong, and that of
	// processes that are started there later; the zero Clock makes it right.
	SetClock(ctx context.Context, node int, clock Clock) error
	// ReadClock reads the wall clock as the node's process does, and the clock of
	// the machine that it runs on, at the same moment.
	ReadClock(node int) (process, host time.Time, err error)
	// Heal resumes, restarts and reconnects everything, and makes clocks right.
	Heal(ctx context.Context) error
}

// The states that Running tells.
const (
	StateRunning = "running"
	StateStopped = "stopped"
	StateDead    = "dead"
)

// Endpoint is a node, or Clients.
type Endpoint int

// Clients is the endpoint of all clients of the run.
const Clients Endpoint = 0

// Link is one direction between two endpoints.
type Link struct{ From, To Endpoint }

// LinkStats is a link's counters since the cluster's start.
type LinkStats struct {
	Bytes     int64 // delivered
	Held      int64 // bytes that a cut held back
	Delayed   int64 // bytes that a delay or a jitter held back
	Lost      int64 // packets that were lost, other than by a cut
	Reset     int64 // connections broken or refused, or packets answered so
	Reordered int64 // packets that overtook another one
}

// View tells the roles of the moment, as a client's metadata shows them, and can
// ask for another leader.
type View interface {
	Roles(ctx context.Context) (Roles, error)
	// Lead asks once that node become the leader of the partition under test, and
	// does not wait for it. The error says why that was refused.
	Lead(ctx context.Context, node int) error
}

// Roles is who was what at one moment, for the partition under test.
type Roles struct {
	Leader      int // 0 if none
	LeaderEpoch int32
	ISR         []int
	Replicas    []int
	Controller  int // 0 if unknown
	// Laggards are the replicas that hold the least, of those that live and do not
	// lead; none where nobody can look into their logs.
	Laggards []int
}
