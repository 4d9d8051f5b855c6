package partition

import (
	"slices"
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

// leadership is what only a leader holds; it is made anew for each epoch.
type leadership struct {
	// start is the end of the log when this epoch's leader took over (LESO):
	// what lies below may have been committed by earlier leaders.
	start model.Offset
	// replicas has an entry for each follower in the assignment.
	replicas map[model.NodeID]*replica
	// pending is the ISR change in flight to the controller, at most one.
	pending *isrChange
	// now is the time of the last input, for conditions that depend on it.
	now time.Duration
}

// replica is a leader's knowledge of one follower, from its fetches.
type replica struct {
	// end is where the follower's log ends; NoOffset until it fetched in this
	// leader epoch.
	end         model.Offset
	brokerEpoch model.BrokerEpoch
	// lastFetch is the time of the fetch before, and leaderEndAtLastFetch where
	// the leader's log ended then.
	lastFetch            time.Duration
	leaderEndAtLastFetch model.Offset
	lastCaughtUp         time.Duration
}

// becomeLeader takes over in a new epoch. The epoch's start is on disk before
// anything is served: a leader that forgot it would truncate others wrongly
// (KAFKA-7415).
func (p *Partition) becomeLeader(now time.Duration) error {
	p.follower = nil
	l := &leadership{start: p.log.EndOffset(), replicas: map[model.NodeID]*replica{}, now: now}
	if !p.cfg.Mutants.Has(mutant.EpochStartNotStored) {
		if err := p.log.AssignEpoch(p.state.LeaderEpoch, l.start); err != nil {
			return err
		}
	}
	if p.leader != nil && p.cfg.Mutants.Has(mutant.FollowerStateKept) {
		l.replicas = p.leader.replicas
	}
	l.follow(p, now)
	p.leader = l
	if p.cfg.Mutants.Has(mutant.NewLeaderCommitsItsLog) {
		p.hw = l.start
	}
	p.cfg.Trace("role=leader partition=%s epoch=%d isr=%v start=%d hw=%d",
		p.tp, p.state.LeaderEpoch, p.state.ISR, l.start, p.hw)
	p.proposeRecovered()
	p.advanceHighWatermark(now)
	return nil
}

// follow makes an entry for each follower in the assignment, and drops those
// that left it: one that comes back has to be heard anew.
func (l *leadership) follow(p *Partition, now time.Duration) {
	for _, id := range p.state.Replicas {
		if id != p.cfg.Self && l.replicas[id] == nil {
			l.replicas[id] = newReplica(now, l.start, slices.Contains(p.state.ISR, id))
		}
	}
	for id := range l.replicas {
		if !slices.Contains(p.state.Replicas, id) {
			delete(l.replicas, id)
		}
	}
}

// newReplica gives a member of the ISR the benefit of the doubt for one
// replica.lag.time.max; an outsider has to catch up first.
func newReplica(now time.Duration, leaderStart model.Offset, inSync bool) *replica {
	r := &replica{end: model.NoOffset, brokerEpoch: model.NoBrokerEpoch, lastFetch: never, lastCaughtUp: never,
		leaderEndAtLastFetch: leaderStart}
	if inSync {
		r.lastFetch, r.lastCaughtUp = now, now
	}
	return r
}

func (p *Partition) lastNow() time.Duration {
	if p.leader == nil {
		return 0
	}
	return p.leader.now
}

// Appended is the leader's answer to a write.
type Appended struct {
	Base model.Offset
	// Commit is the high watermark that commits the write.
	Commit model.Offset
	// Epoch is the leader epoch under which it was appended.
	Epoch model.Epoch
	Code  model.ErrorCode
}

// Append writes a producer's batch as the leader. The batch is stamped in place
// and handed over. An error is a failed disk; a refusal is a Code, and then
// nothing was appended.
func (p *Partition) Append(now time.Duration, batch storage.Batch, acksAll bool) (Appended, error) {
	l := p.leader
	if l == nil {
		return Appended{Code: model.NotLeaderOrFollower}, nil
	}
	l.now = now
	if acksAll && p.belowMinISR(p.state.ISR) {
		return Appended{Code: model.NotEnoughReplicas}, nil
	}
	epoch := p.state.LeaderEpoch
	switch verdict := p.log.CheckProducer(batch); {
	case verdict.Err != model.None:
		return Appended{Code: verdict.Err}, nil
	case verdict.Duplicate:
		// The first attempt's offsets, and its commit is awaited all the same.
		again := Appended{Base: verdict.BaseOffset, Commit: verdict.LastOffset + 1, Epoch: epoch}
		if p.cfg.Mutants.Has(mutant.DuplicateAckedAtOnce) {
			again.Commit = p.hw
		}
		return again, nil
	}
	base := p.log.EndOffset()
	batch.Stamp(base, epoch)
	if err := p.log.Append(batch); err != nil {
		return Appended{Code: model.KafkaStorageError}, err
	}
	p.advanceHighWatermark(now)
	commit := p.log.EndOffset()
	if p.cfg.Mutants.Has(mutant.CommitOffByOne) {
		commit--
	}
	return Appended{Base: base, Commit: commit, Epoch: epoch}, nil
}

// Committed tells whether a write of this leader epoch is committed, and with
// which answer: NOT_ENOUGH_REPLICAS_AFTER_APPEND if the ISR shrank below the
// minimum meanwhile. The code is only evaluated once the high watermark passed;
// before that an under-replicated write waits.
func (p *Partition) Committed(w Appended) (bool, model.ErrorCode) {
	switch {
	case !p.Leads(w.Epoch) && p.cfg.Mutants.Has(mutant.LostLeadershipAcked):
		return true, model.None
	case !p.Leads(w.Epoch):
		return true, model.NotLeaderOrFollower
	case p.hw < w.Commit:
		return false, model.None
	case p.belowMinISR(p.maximalISR()) && !p.cfg.Mutants.Has(mutant.MinISRCheckedOnce):
		return true, model.NotEnoughReplicasAfterAppend
	}
	return true, model.None
}
