package partition

import (
	"fmt"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// truncateDiverging cuts the log where it leaves the leader's history: at the
// end of the last epoch that both have (KIP-101, KIP-279, KIP-595). If our
// largest epoch at or below the leader's is another one, the next fetch finds
// more.
func (p *Partition) truncateDiverging(d EpochEnd) (Next, error) {
	if d.End < 0 {
		return BackOff, &ProtocolError{fmt.Sprintf("%s: leader %d says that epoch %d ends at %d", p.tp, p.state.Leader, d.Epoch, d.End)}
	}
	end := p.log.EndOffset()
	last, _ := p.log.LatestEpoch()
	to := min(d.End, end)
	if epoch, epochEnd, defined := p.log.EndOffsetFor(d.Epoch); defined && !p.cfg.Mutants.Has(mutant.TruncateByOffsetOnly) {
		to = min(epochEnd, end)
		if epoch == d.Epoch {
			to = min(to, d.End)
		}
	}
	if err := p.truncate(to); err != nil {
		return BackOff, err
	}
	if now, _ := p.log.LatestEpoch(); now == last && p.log.EndOffset() == end {
		return BackOff, nil // the same question would bring the same answer
	}
	return FetchAgain, nil
}

// truncate cuts the log, its epochs and its producers' state, and lowers the
// watermark with it.
func (p *Partition) truncate(to model.Offset) error {
	p.cfg.Trace("truncate partition=%s epoch=%d from=%d to=%d hw=%d",
		p.tp, p.state.LeaderEpoch, p.log.EndOffset(), to, p.hw)
	if err := p.log.Truncate(to); err != nil {
		return err
	}
	p.lowerWatermark()
	return nil
}

// Rebase moves a follower whose position is outside the leader's log: down to
// the leader's end (after an unclean election), or up to its start, dropping
// everything, if retention has passed us.
func (p *Partition) Rebase(from Position, leaderStart, leaderEnd model.Offset) (Next, error) {
	if !p.stillAt(from) {
		return FetchAgain, nil
	}
	switch end := p.log.EndOffset(); {
	case leaderStart < 0 || leaderEnd < leaderStart:
		return BackOff, &ProtocolError{fmt.Sprintf("%s: leader %d says that its log is [%d,%d)", p.tp, p.state.Leader, leaderStart, leaderEnd)}
	case leaderEnd < end:
		return FetchAgain, p.truncate(leaderEnd)
	case leaderStart > end:
		p.cfg.Trace("restart partition=%s epoch=%d from=%d at=%d", p.tp, p.state.LeaderEpoch, end, leaderStart)
		if err := p.log.TruncateFullyAndStartAt(leaderStart); err != nil {
			return BackOff, err
		}
		p.lowerWatermark()
		return FetchAgain, nil
	}
	return BackOff, nil // inside after all: the leader's log has moved meanwhile
}
