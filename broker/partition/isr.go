package partition

import (
	"slices"
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// isrChange is a proposal on its way to the controller.
type isrChange struct {
	isr    []model.NodeID
	before []model.NodeID
	// members of isr with the broker epochs under which they qualified. They stay
	// as they are when the request goes out again: a follower that has restarted
	// meanwhile is heard under a new epoch, but may hold nothing (KIP-903).
	members []Member
	// sent is cleared when the answer was lost and the same proposal must go
	// out again; settled is set when only newer metadata can end it.
	sent, settled bool
	// doubted is set once an answer was lost: a copy of the request may still be
	// on its way.
	doubted bool
}

func (c *isrChange) expands() bool { return len(c.isr) > len(c.before) }

// Member is a proposed ISR member with the broker epoch under which the leader
// heard from it; NoBrokerEpoch if it did not.
type Member struct {
	ID    model.NodeID
	Epoch model.BrokerEpoch
}

// Proposal is an ISR change for the controller to decide (AlterPartition).
type Proposal struct {
	LeaderEpoch    model.Epoch
	PartitionEpoch model.PartitionEpoch
	ISR            []Member
}

// TakeProposal hands out the ISR change that has to be sent now, once.
func (p *Partition) TakeProposal() (Proposal, bool) {
	if p.leader == nil || p.leader.pending == nil || p.leader.pending.sent || p.leader.pending.settled {
		return Proposal{}, false
	}
	p.leader.pending.sent = true
	if p.cfg.Mutants.Has(mutant.ProposalRestamped) {
		p.leader.pending.members = p.members(p.leader.pending.isr)
	}
	return Proposal{LeaderEpoch: p.state.LeaderEpoch, PartitionEpoch: p.state.PartitionEpoch,
		ISR: p.leader.pending.members}, true
}

// members stamps replicas with the broker epochs under which they were heard.
func (p *Partition) members(isr []model.NodeID) []Member {
	members := make([]Member, len(isr))
	for i, id := range isr {
		members[i] = Member{ID: id, Epoch: p.heardEpoch(id)}
	}
	return members
}

func (p *Partition) heardEpoch(id model.NodeID) model.BrokerEpoch {
	switch {
	case p.cfg.Mutants.Has(mutant.StaleBrokerEpochJoins):
		return model.NoBrokerEpoch
	case id == p.cfg.Self:
		return p.cfg.Cluster.BrokerEpoch(id)
	}
	return p.leader.replicas[id].brokerEpoch
}

// Answer is the controller's answer to a proposal. Lost says that none came.
type Answer struct {
	Lost  bool
	Code  model.ErrorCode
	State State // of a success
}

// Answered takes the controller's answer to the proposal sent under the given
// epochs. Only a promise that the change was not and will not be applied rolls
// it back; in doubt the maximal ISR stays.
func (p *Partition) Answered(now time.Duration, to Proposal, a Answer) error {
	l := p.leader
	if l == nil || l.pending == nil || p.state.LeaderEpoch != to.LeaderEpoch || p.state.PartitionEpoch != to.PartitionEpoch {
		return nil // the state moved on
	}
	switch {
	case !a.Lost && a.Code == model.None && p.succeeds(a.State):
		a.State.Replicas = p.state.Replicas
		return p.Apply(now, a.State)
	case !a.Lost && rollsBack(a.Code):
		p.refused(now)
	case !a.Lost && awaitsMetadata(a.Code):
		l.pending.settled = true
	case p.cfg.Mutants.Has(mutant.FailedProposalRolled):
		p.rollBack(now)
	default:
		l.pending.sent, l.pending.doubted = false, true
	}
	return nil
}

// succeeds tells whether a confirmed state can follow ours: still led from here,
// in the same epoch. Anything else no controller says, so it proves nothing.
func (p *Partition) succeeds(s State) bool {
	return s.Leader == p.cfg.Self && s.LeaderEpoch == p.state.LeaderEpoch && s.PartitionEpoch > p.state.PartitionEpoch &&
		slices.Contains(s.ISR, p.cfg.Self) && p.areReplicas(s.ISR)
}

func (p *Partition) areReplicas(ids []model.NodeID) bool {
	return !slices.ContainsFunc(ids, func(id model.NodeID) bool { return !slices.Contains(p.state.Replicas, id) })
}

// refused takes a promise that the request was not applied. If an earlier copy
// of it got lost, the promise is not about that one: it may arrive once the
// replica is eligible again, and still fit. The change is then asked for again,
// unless the replica has registered anew, which voids all copies (KIP-903).
func (p *Partition) refused(now time.Duration) {
	change := p.leader.pending
	if change.doubted && change.expands() && !p.registeredAnew(change) && !p.cfg.Mutants.Has(mutant.RefusalEndsDoubt) {
		change.sent = false
		return
	}
	p.rollBack(now)
}

func (p *Partition) rollBack(now time.Duration) {
	p.leader.pending = nil
	p.advanceHighWatermark(now)
}

func (p *Partition) registeredAnew(change *isrChange) bool {
	return slices.ContainsFunc(change.members, func(m Member) bool {
		return !slices.Contains(change.before, m.ID) && m.Epoch < p.cfg.Cluster.BrokerEpoch(m.ID)
	})
}

// rollsBack tells that a refusal promises that nothing was applied.
func rollsBack(code model.ErrorCode) bool {
	return code == model.IneligibleReplica || code == model.OperationNotAttempted
}

// awaitsMetadata tells that a refusal means our state is old: the newer one is
// on its way, and until it is here the proposal may have been applied.
func awaitsMetadata(code model.ErrorCode) bool {
	switch code {
	case model.FencedLeaderEpoch, model.InvalidUpdateVersion, model.InvalidRequest,
		model.UnknownTopicOrPartition, model.UnknownTopicID, model.NewLeaderElected:
		return true
	}
	return false
}

// committed takes an ISR that the controller has confirmed.
func (p *Partition) committed(now time.Duration) {
	p.leader.pending = nil
	p.cfg.Trace("isr partition=%s epoch=%d/%d isr=%v", p.tp, p.state.LeaderEpoch, p.state.PartitionEpoch, p.state.ISR)
	p.leader.follow(p, now)
	p.proposeRecovered()
	p.advanceHighWatermark(now)
}

// Tick looks for followers that fell behind. The watermark may have waited for
// one of them to join.
func (p *Partition) Tick(now time.Duration) {
	if p.leader == nil {
		return
	}
	p.leader.now = now
	p.proposeRecovered()
	p.proposeShrink()
	p.advanceHighWatermark(now)
}

func (p *Partition) proposeShrink() {
	if p.leader.pending != nil || p.cfg.Mutants.Has(mutant.ISRNeverShrinks) {
		return
	}
	var rest []model.NodeID
	for _, id := range p.state.ISR {
		if id == p.cfg.Self || p.caughtUp(p.leader.replicas[id]) {
			rest = append(rest, id)
		}
	}
	if len(rest) == len(p.state.ISR) {
		return
	}
	p.propose(rest)
	if p.cfg.Mutants.Has(mutant.ISRShrunkLocally) {
		p.state.ISR = rest
	}
}

// proposeExpand adds a follower that has just fetched, if the controller could
// elect it without losing anything.
func (p *Partition) proposeExpand(id model.NodeID) {
	r := p.leader.replicas[id]
	if p.leader.pending != nil || p.state.Recovering || slices.Contains(p.state.ISR, id) || !p.mayJoin(id, r) {
		return
	}
	// It must hold everything committed, and everything that earlier leaders
	// may have committed (KAFKA-7128): a new leader's watermark lags.
	if r.end < p.hw && !p.cfg.Mutants.Has(mutant.ISRJoinBelowWatermark) ||
		r.end < p.leader.start && !p.cfg.Mutants.Has(mutant.ISRJoinBelowEpochStart) {
		return
	}
	var isr []model.NodeID
	for _, member := range p.state.Replicas {
		if member == id || slices.Contains(p.state.ISR, member) {
			isr = append(isr, member)
		}
	}
	p.propose(isr)
}

// mayJoin tells whether the broker that fetched is the one that the metadata
// knows, alive and staying (KIP-841, KIP-903). A replica that was wiped and
// restarted has a new broker epoch, and must fetch under it first.
func (p *Partition) mayJoin(id model.NodeID, r *replica) bool {
	current := r.brokerEpoch == p.cfg.Cluster.BrokerEpoch(id) || p.cfg.Mutants.Has(mutant.StaleBrokerEpochJoins)
	return p.cfg.Cluster.Eligible(id) && r.end != model.NoOffset && current
}

// proposeRecovered confirms an unclean election: until then the ISR must not
// grow (KIP-704).
func (p *Partition) proposeRecovered() {
	if p.state.Recovering && p.leader.pending == nil {
		p.propose(slices.Clone(p.state.ISR))
	}
}

func (p *Partition) propose(isr []model.NodeID) {
	p.leader.pending = &isrChange{isr: isr, before: p.state.ISR, members: p.members(isr)}
	p.cfg.Trace("propose partition=%s epoch=%d/%d isr=%v was=%v",
		p.tp, p.state.LeaderEpoch, p.state.PartitionEpoch, isr, p.state.ISR)
}
