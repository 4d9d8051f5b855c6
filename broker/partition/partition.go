// Package partition is one replica of one partition: leader or follower, as
// the controller says. It holds the replication protocol: the high watermark
// over the maximal ISR, the ISR's growth and shrinking, leader epochs,
// truncation, and the dedupe of idempotent producers.
//
// It promises that a record below the high watermark is on every replica that
// the controller may elect. It assumes that the controller applies an ISR
// change only if both epochs match (KIP-497), that one input is handled at a
// time, and that the log's files keep what was flushed.
package partition

import (
	"fmt"
	"slices"
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

// never is the time of an event that has not happened.
const never = -1 << 62 * time.Nanosecond

// Cluster tells a leader about the other brokers, from the metadata applied
// here.
type Cluster interface {
	// Eligible tells whether a broker may join an ISR: neither fenced nor
	// shutting down (KIP-841).
	Eligible(model.NodeID) bool
	BrokerEpoch(model.NodeID) model.BrokerEpoch
}

// Config is what a replica needs to know besides its log.
type Config struct {
	Self    model.NodeID
	Cluster Cluster
	// LagMax is replica.lag.time.max.ms.
	LagMax time.Duration
	// FlushBeforeAck counts a record as replicated only once it is on the disk.
	FlushBeforeAck bool
	Mutants        mutant.Set
	// Trace, if set, is told of role changes, ISR changes and truncations.
	Trace func(format string, args ...any)
}

// State is the controller's word on a partition, as of one metadata entry or
// one AlterPartition answer.
type State struct {
	Replicas       []model.NodeID
	ISR            []model.NodeID
	Leader         model.NodeID
	LeaderEpoch    model.Epoch
	PartitionEpoch model.PartitionEpoch
	Recovering     bool
}

// Partition is one replica. Its zero role is "none": it serves nothing until
// the first state is applied.
type Partition struct {
	tp  model.TopicPartition
	cfg Config
	log *storage.Log

	state  State
	minISR int
	// hw is the high watermark: the exclusive end of the committed prefix, as
	// far as this replica knows. On a leader it never falls; on a follower it
	// follows the leader's and may.
	hw model.Offset

	leader   *leadership // nil unless leading
	follower *following  // nil unless following a live leader
}

// New makes a replica over its log. checkpointed is the high watermark from
// before a restart; losing it is safe, trusting it beyond the log's end is not.
func New(tp model.TopicPartition, cfg Config, log *storage.Log, checkpointed model.Offset) *Partition {
	if cfg.Trace == nil {
		cfg.Trace = func(string, ...any) {}
	}
	p := &Partition{tp: tp, cfg: cfg, log: log, minISR: 1}
	p.state.Leader, p.state.LeaderEpoch, p.state.PartitionEpoch = model.NoNode, model.NoEpoch, -1
	p.hw = checkpointed
	p.lowerWatermark()
	return p
}

// Apply takes a newer state from the metadata log. Deltas may have been merged:
// only the last state counts. A state that is not newer than the one held is
// ignored, since an AlterPartition answer may have overtaken the metadata: taken
// again, it would pass for the end of a proposal made meanwhile, whose new
// member the watermark must still wait for (KIP-497).
func (p *Partition) Apply(now time.Duration, s State) error {
	known := s.PartitionEpoch == p.state.PartitionEpoch && !p.cfg.Mutants.Has(mutant.SameStateEndsProposal)
	if known || s.PartitionEpoch < p.state.PartitionEpoch || s.LeaderEpoch < p.state.LeaderEpoch {
		return nil
	}
	newEpoch := s.LeaderEpoch > p.state.LeaderEpoch
	s.Replicas, s.ISR = slices.Clone(s.Replicas), slices.Clone(s.ISR)
	p.state = s
	switch {
	case s.Leader == p.cfg.Self && newEpoch:
		return p.becomeLeader(now)
	case s.Leader == p.cfg.Self && p.leader != nil:
		p.committed(now)
		return nil
	case newEpoch:
		return p.becomeFollower()
	}
	return nil
}

// becomeFollower starts to follow in a new leader epoch. The first fetch
// carries the epoch of the last record, and the leader answers where the logs
// diverge: no separate round of alignment (KIP-595).
func (p *Partition) becomeFollower() error {
	p.leader = nil
	switch {
	case p.state.Leader == model.NoNode:
		p.follower = nil
	case p.follower == nil || !p.cfg.Mutants.Has(mutant.FetcherKeptAcrossEpochs):
		p.follower = &following{}
	}
	p.cfg.Trace("role=follower partition=%s epoch=%d leader=%d end=%d hw=%d",
		p.tp, p.state.LeaderEpoch, p.state.Leader, p.log.EndOffset(), p.hw)
	if p.follower != nil && p.cfg.Mutants.Has(mutant.TruncateToWatermark) {
		return p.truncate(p.hw)
	}
	return nil
}

// SetMinISR sets the topic's min.insync.replicas. A lower value may let the
// high watermark advance.
func (p *Partition) SetMinISR(n int) {
	p.minISR = n
	p.advanceHighWatermark(p.lastNow())
}

// effectiveMinISR caps the configured value at the replication factor: a
// partition of two replicas with min.insync.replicas=3 would refuse all writes.
func (p *Partition) effectiveMinISR() int { return min(p.minISR, len(p.state.Replicas)) }

// belowMinISR tells whether an ISR is too small to take writes with acks=all.
func (p *Partition) belowMinISR(isr []model.NodeID) bool {
	return len(isr) < p.effectiveMinISR() && !p.cfg.Mutants.Has(mutant.MinISRIgnored)
}

// lowerWatermark brings the watermark down to the end of a log that has become,
// or come back, shorter.
func (p *Partition) lowerWatermark() {
	if !p.cfg.Mutants.Has(mutant.WatermarkNotLowered) {
		p.hw = p.clampToLog(p.hw)
	}
}

func (p *Partition) clampToLog(o model.Offset) model.Offset {
	return min(max(o, p.log.StartOffset()), p.log.EndOffset())
}

// replicatedEnd is the end of what this replica counts as stored.
func (p *Partition) replicatedEnd() model.Offset {
	if p.cfg.FlushBeforeAck {
		return min(p.log.FlushedOffset(), p.log.EndOffset())
	}
	return p.log.EndOffset()
}

// Flushed takes note that the log's ticket is on the disk.
func (p *Partition) Flushed(now time.Duration, t storage.FlushTicket) {
	p.log.Flushed(t)
	p.advanceHighWatermark(now)
}

// Name is the partition's topic and number.
func (p *Partition) Name() model.TopicPartition { return p.tp }

// Log is the replica's log, for reading.
func (p *Partition) Log() *storage.Log { return p.log }

// HighWatermark is the exclusive end of the committed prefix known here.
func (p *Partition) HighWatermark() model.Offset { return p.hw }

// State is the newest state applied.
func (p *Partition) State() State { return p.state }

// IsLeader tells whether this replica leads.
func (p *Partition) IsLeader() bool { return p.leader != nil }

// Leads tells whether this replica leads in the given epoch: a write waits for
// its commit only as long as it does.
func (p *Partition) Leads(epoch model.Epoch) bool {
	return p.leader != nil && p.state.LeaderEpoch == epoch
}

func (p *Partition) String() string {
	role := "none"
	if p.leader != nil {
		role = "leader"
	} else if p.follower != nil {
		role = "follower"
	}
	return fmt.Sprintf("%s %s epoch=%d/%d isr=%v log=[%d,%d) hw=%d", p.tp, role,
		p.state.LeaderEpoch, p.state.PartitionEpoch, p.state.ISR, p.log.StartOffset(), p.log.EndOffset(), p.hw)
}
