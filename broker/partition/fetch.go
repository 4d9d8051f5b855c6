package partition

import (
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

// Fetch is a read of a log, by a follower or a consumer.
type Fetch struct {
	// Replica is the fetching follower, NoNode for a consumer.
	Replica     model.NodeID
	BrokerEpoch model.BrokerEpoch
	Offset      model.Offset
	// CurrentEpoch is the leader epoch the reader believes in; NoEpoch skips
	// the check.
	CurrentEpoch model.Epoch
	// LastFetchedEpoch is the epoch of the last record the reader holds;
	// NoEpoch if it does not say.
	LastFetchedEpoch model.Epoch
	MaxBytes         int
	// AtLeastOne returns one batch even if it is larger than MaxBytes.
	AtLeastOne bool
	// Again marks a parked fetch that is looked at once more: what it says of
	// the follower was noted the first time.
	Again bool
}

// Fetched answers a Fetch.
type Fetched struct {
	Code      model.ErrorCode
	Records   []byte
	HW        model.Offset
	LogStart  model.Offset
	Diverging *EpochEnd
}

// EpochEnd says where an epoch ends in the leader's log.
type EpochEnd struct {
	Epoch model.Epoch
	End   model.Offset
}

func refused(code model.ErrorCode) Fetched {
	return Fetched{Code: code, HW: model.NoOffset, LogStart: model.NoOffset}
}

// Fetch serves a read as the leader. The order of the checks matters: an epoch
// that does not fit must be told before a replica that does not (KAFKA-14078),
// and a diverging follower must leave no trace in the leader's state
// (KAFKA-13141).
func (p *Partition) Fetch(now time.Duration, f Fetch) (Fetched, error) {
	if code := p.CheckLeader(f.CurrentEpoch); code != model.None {
		return refused(code), nil
	}
	l := p.leader
	l.now = now
	fromFollower := f.Replica != model.NoNode
	if fromFollower && l.replicas[f.Replica] == nil {
		return refused(model.UnknownLeaderEpoch), nil
	}
	start, end := p.log.StartOffset(), p.log.EndOffset()
	answer := Fetched{HW: p.hw, LogStart: start}
	if f.LastFetchedEpoch != model.NoEpoch {
		epoch, epochEnd, defined := p.log.EndOffsetFor(f.LastFetchedEpoch)
		if !defined || f.Offset < start {
			return refused(model.OffsetOutOfRange), nil
		}
		older := epoch < f.LastFetchedEpoch && !p.cfg.Mutants.Has(mutant.TruncateByOffsetOnly)
		if older || epochEnd < f.Offset {
			if fromFollower && !f.Again && p.cfg.Mutants.Has(mutant.DivergingFetchCounted) {
				p.heard(now, f, end)
			}
			answer.Diverging = &EpochEnd{Epoch: epoch, End: epochEnd}
			return answer, nil
		}
	}
	if f.Offset < start || f.Offset > end {
		return refused(model.OffsetOutOfRange), nil
	}
	if fromFollower && !f.Again {
		if f.BrokerEpoch != model.NoBrokerEpoch && f.BrokerEpoch < p.cfg.Cluster.BrokerEpoch(f.Replica) &&
			!p.cfg.Mutants.Has(mutant.StaleBrokerEpochJoins) {
			return refused(model.NotLeaderOrFollower), nil
		}
		p.heard(now, f, end)
		answer.HW = p.hw
	}
	limit := p.FetchEnd(fromFollower)
	if f.Offset >= limit {
		return answer, nil
	}
	records, err := p.log.Read(f.Offset, f.MaxBytes, limit, f.AtLeastOne)
	answer.Records = records
	if fromFollower && p.cfg.Mutants.Has(mutant.AckOnSend) {
		p.countSent(now, f.Replica, records)
	}
	return answer, err
}

// countSent is how a mutant takes what it sends for what the follower holds.
func (p *Partition) countSent(now time.Duration, to model.NodeID, records []byte) {
	for len(records) > 0 {
		batch, rest, err := storage.FirstBatch(records)
		if err != nil {
			break
		}
		p.leader.replicas[to].end, records = batch.NextOffset(), rest
	}
	p.advanceHighWatermark(now)
}

// CheckLeader tells whether this replica leads in the epoch a client or
// follower believes in.
func (p *Partition) CheckLeader(current model.Epoch) model.ErrorCode {
	switch {
	case current != model.NoEpoch && current < p.state.LeaderEpoch && !p.cfg.Mutants.Has(mutant.FetchEpochUnchecked):
		return model.FencedLeaderEpoch
	case current != model.NoEpoch && current > p.state.LeaderEpoch:
		return model.UnknownLeaderEpoch
	case p.leader == nil:
		return model.NotLeaderOrFollower
	}
	return model.None
}

// heard takes a follower's fetch as word of what it holds, then lets the ISR
// and the watermark follow. All of it looks at one snapshot of the follower
// (KAFKA-15221).
func (p *Partition) heard(now time.Duration, f Fetch, leaderEnd model.Offset) {
	r := p.leader.replicas[f.Replica]
	switch {
	case f.Offset >= leaderEnd:
		r.lastCaughtUp = now
	case f.Offset >= r.leaderEndAtLastFetch:
		r.lastCaughtUp = max(r.lastCaughtUp, r.lastFetch)
	}
	r.end, r.brokerEpoch = f.Offset, f.BrokerEpoch
	r.leaderEndAtLastFetch, r.lastFetch = leaderEnd, now
	p.proposeExpand(f.Replica)
	p.advanceHighWatermark(now)
}

// FetchEnd is the end of what a reader may see: a parked fetch waits for it to
// pass its offset.
func (p *Partition) FetchEnd(fromFollower bool) model.Offset {
	if fromFollower || p.cfg.Mutants.Has(mutant.ReadsToLogEnd) {
		return p.log.EndOffset()
	}
	return p.hw
}
