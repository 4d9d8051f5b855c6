package controller

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

// Config says who this node is and how patient it is.
type Config struct {
	// Self is this node; it must be one of Voters.
	Self model.NodeID
	// Voters is every member of the quorum. It is fixed for the cluster's life.
	Voters []model.NodeID
	// FS and Dir are where the quorum's log and snapshot live; Dir is created.
	FS  storage.FS
	Dir string
	// TickInterval is Raft's unit of time: a leader sends a heartbeat every
	// tick, a follower campaigns after 10 to 20 ticks without one.
	TickInterval time.Duration
	// SessionTimeout is how long a broker may be silent before it is fenced.
	SessionTimeout time.Duration
	// RebalanceInterval is how often leaderships are moved back to preferred
	// replicas; 0 means never.
	RebalanceInterval time.Duration
	// Defaults are the static topic defaults of this node, by the topic's
	// property names. They bind the cluster while this node is its controller.
	Defaults map[string]string
	// SnapshotEvery is the number of entries after which the log is compacted.
	SnapshotEvery uint64
	// Mutants are planted bugs. They are part of the state machine: every node
	// must be given the same.
	Mutants mutant.Set
}

func (c *Config) validate() error {
	if !slices.Contains(c.Voters, c.Self) {
		return fmt.Errorf("voters %v: must contain this node, %d", c.Voters, c.Self)
	}
	voters := slices.Sorted(slices.Values(c.Voters))
	if voters[0] < 0 || len(slices.Compact(voters)) != len(c.Voters) {
		return fmt.Errorf("voters %v: allowed are distinct ids of at least 0", c.Voters)
	}
	if c.TickInterval <= 0 {
		return fmt.Errorf("tick interval %v: must be above 0", c.TickInterval)
	}
	if c.SessionTimeout <= 0 {
		return fmt.Errorf("session timeout %v: must be above 0", c.SessionTimeout)
	}
	if c.RebalanceInterval < 0 {
		return fmt.Errorf("rebalance interval %v: must be at least 0", c.RebalanceInterval)
	}
	if c.SnapshotEvery == 0 {
		return fmt.Errorf("snapshot every %d entries: must be at least 1", c.SnapshotEvery)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Defaults)) {
		value := c.Defaults[name]
		if err := CheckTopicProperty(name, &value); err != nil {
			return fmt.Errorf("static topic defaults: %w", err)
		}
	}
	return nil
}
