package partition

import (
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// Timestamps that ListOffsets gives a meaning.
const (
	LatestOffset   = -1
	EarliestOffset = -2
	MaxTimestamp   = -3
)

// OffsetAt answers where a timestamp (ms) or one of the named positions is, and
// the leader epoch at that place. Consumers see up to the high watermark;
// followers up to the end of the log.
func (p *Partition) OffsetAt(timestamp int64, fromFollower bool) (OffsetAnswer, error) {
	a := OffsetAnswer{Offset: model.NoOffset, Timestamp: -1, Epoch: model.NoEpoch}
	if p.leader == nil {
		a.Code = model.NotLeaderOrFollower
		return a, nil
	}
	end := p.FetchEnd(fromFollower)
	// A new leader's watermark may lie below what an earlier one has shown:
	// until it has caught up with its own epoch, no end is told (KIP-207).
	lags := p.hw < p.leader.start && !p.cfg.Mutants.Has(mutant.EndOffsetBeforeStart)
	if lags && timestamp != EarliestOffset && !fromFollower {
		a.Code = model.OffsetNotAvailable
		return a, nil
	}
	var err error
	switch timestamp {
	case LatestOffset:
		a.Offset, a.Epoch = end, p.state.LeaderEpoch
	case EarliestOffset:
		a.Offset, a.Epoch = p.log.StartOffset(), p.epochAt(p.log.StartOffset())
	default:
		var found bool
		var offset model.Offset
		var ts int64
		if timestamp == MaxTimestamp {
			offset, ts, found, err = p.log.MaxTimestampOffset(end)
		} else {
			offset, ts, found, err = p.log.OffsetForTimestamp(timestamp, end)
		}
		if found {
			a.Offset, a.Timestamp, a.Epoch = offset, ts, p.epochAt(offset)
		}
	}
	return a, err
}

// OffsetAnswer is the answer of OffsetAt; Offset is NoOffset if nothing is at
// or after the timestamp.
type OffsetAnswer struct {
	Code      model.ErrorCode
	Offset    model.Offset
	Timestamp int64
	Epoch     model.Epoch
}

// epochAt is the leader epoch under which the record at an offset was written.
func (p *Partition) epochAt(offset model.Offset) model.Epoch {
	epoch := model.NoEpoch
	for _, e := range p.log.EpochEntries() {
		if e.Start > offset {
			break
		}
		epoch = e.Epoch
	}
	return epoch
}
