package partition

import "github.com/ackproof/ackproof/broker/model"

// truncateDiverging cuts the log where it leaves the leader's history: at the
// end of the last epoch that both have (KIP-101, KIP-279, KIP-595). If our
// largest epoch at or below the leader's is another one, the next fetch finds
// more.
func (p *Partition) truncateDiverging(d EpochEnd) error {
	end := p.log.EndOffset()
	epoch, epochEnd, defined := p.log.EndOffsetFor(d.Epoch)
	switch {
	case !defined || epoch == model.NoEpoch:
		return p.truncate(min(d.End, end))
	case epoch != d.Epoch:
		return p.truncate(min(epochEnd, end))
	}
	return p.truncate(min(epochEnd, d.End, end))
}

// truncate cuts the log, its epochs and its producers' state, and lowers the
// watermark with it.
func (p *Partition) truncate(to model.Offset) error {
	p.cfg.Trace("truncate partition=%s epoch=%d from=%d to=%d hw=%d",
		p.tp, p.state.LeaderEpoch, p.log.EndOffset(), to, p.hw)
	if err := p.log.Truncate(to); err != nil {
		return err
	}
	p.hw = p.clampToLog(p.hw)
	return nil
}

// Rebase moves a follower whose position is outside the leader's log: down to
// the leader's end (after an unclean election), or up to its start, dropping
// everything, if retention has passed us.
func (p *Partition) Rebase(from Position, leaderStart, leaderEnd model.Offset) error {
	if !p.stillAt(from) {
		return nil
	}
	switch end := p.log.EndOffset(); {
	case leaderEnd < end:
		return p.truncate(leaderEnd)
	case leaderStart > end:
		p.cfg.Trace("restart partition=%s epoch=%d from=%d at=%d", p.tp, p.state.LeaderEpoch, end, leaderStart)
		if err := p.log.TruncateFullyAndStartAt(leaderStart); err != nil {
			return err
		}
		p.hw = p.clampToLog(p.hw)
	}
	return nil
}
