package partition

import (
	"errors"
	"fmt"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

// following is what only a follower holds; it is made anew for each epoch.
type following struct {
	// parked is set when the leader fenced our epoch: only newer metadata can
	// help.
	parked bool
}

// Position is where a follower goes on to fetch.
type Position struct {
	Leader           model.NodeID
	Offset           model.Offset
	LeaderEpoch      model.Epoch
	LastFetchedEpoch model.Epoch
	LogStart         model.Offset
}

// Position tells what to fetch next; false while there is nothing to fetch
// from, or while appended records are not on the disk although they must be
// before they count.
func (p *Partition) Position() (Position, bool) {
	if p.follower == nil || p.follower.parked {
		return Position{}, false
	}
	if p.flushing() {
		return Position{}, false
	}
	last, ok := p.log.LatestEpoch()
	if !ok {
		last = model.NoEpoch
	}
	return Position{Leader: p.state.Leader, Offset: p.log.EndOffset(), LeaderEpoch: p.state.LeaderEpoch,
		LastFetchedEpoch: last, LogStart: p.log.StartOffset()}, true
}

// FlushesWhatItHasOf tells whether the follower has records of a leader that it must not
// answer for yet: it fetches on once they are flushed.
func (p *Partition) FlushesWhatItHasOf(leader model.NodeID) bool {
	return p.follower != nil && p.state.Leader == leader && p.flushing()
}

func (p *Partition) flushing() bool {
	return p.replicatedEnd() < p.log.EndOffset() && !p.cfg.Mutants.Has(mutant.FollowerFlushNotAwaited)
}

// Next says what a follower does after an answer.
type Next int

// After an answer a follower fetches again at once, waits a little, or looks up
// the bounds of the leader's log because its own position is outside.
const (
	FetchAgain Next = iota
	BackOff
	LookUpBounds
)

// Replicate takes the leader's answer to a fetch from the given position. An
// answer to another position or epoch is stale and must not touch the log
// (KAFKA-18991). The error is a failed disk or an answer that breaks the
// protocol.
func (p *Partition) Replicate(from Position, a Fetched) (Next, error) {
	stale := p.cfg.Mutants.Has(mutant.StaleDivergingAccepted) && a.Diverging != nil && p.endsAt(from)
	if !p.stillAt(from) && !stale {
		return FetchAgain, nil
	}
	switch {
	case a.Code == model.FencedLeaderEpoch:
		p.follower.parked = true
		return FetchAgain, nil
	case a.Code == model.OffsetOutOfRange:
		return LookUpBounds, nil
	case a.Code != model.None:
		return BackOff, nil
	case a.Diverging != nil:
		// Nothing else of this answer counts: its watermark lies beyond what we
		// hold of the leader's history (KAFKA-14704).
		return p.truncateDiverging(*a.Diverging)
	}
	if err := p.appendFromLeader(a.Records); err != nil {
		return BackOff, err
	}
	if a.LogStart > p.log.StartOffset() {
		if err := p.log.RaiseStartOffset(min(a.LogStart, p.log.EndOffset())); err != nil {
			return BackOff, err
		}
	}
	p.hw = p.clampToLog(a.HW)
	return FetchAgain, nil
}

func (p *Partition) stillAt(from Position) bool {
	return p.state.LeaderEpoch == from.LeaderEpoch && p.endsAt(from)
}

func (p *Partition) endsAt(from Position) bool {
	return p.follower != nil && p.log.EndOffset() == from.Offset
}

// appendFromLeader appends whole batches as they are, with one write. A batch
// from a newer epoch than ours was not the leader's to give: it was demoted,
// truncated and wrote again while the answer was under way (KAFKA-18723).
func (p *Partition) appendFromLeader(records []byte) error {
	rest := records
	for len(rest) > 0 {
		batch, next, err := storage.FirstBatch(rest)
		if err != nil || batch.LeaderEpoch() > p.state.LeaderEpoch {
			break // cut short by the size limit, or not the leader's to give
		}
		if err := batch.Validate(); err != nil {
			return &ProtocolError{fmt.Sprintf("%s: leader %d sent a bad batch at offset %d: %v",
				p.tp, p.state.Leader, batch.BaseOffset(), err)}
		}
		rest = next
	}
	run := records[:len(records)-len(rest)]
	if len(run) == 0 {
		if len(records) > 0 {
			return &ProtocolError{fmt.Sprintf("%s: leader %d sent %d bytes, of which no batch can be taken",
				p.tp, p.state.Leader, len(records))}
		}
		return nil
	}
	err := p.log.AppendRun(run)
	if errors.Is(err, storage.ErrOutOfPlace) {
		return &ProtocolError{fmt.Sprintf("%s: leader %d: %v", p.tp, p.state.Leader, err)}
	}
	return err
}

// ProtocolError is an answer that the protocol does not allow. Nothing of it
// was kept; the follower tries again.
type ProtocolError struct{ reason string }

func (e *ProtocolError) Error() string { return e.reason }
