package storage

import (
	"fmt"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// RaiseStartOffset makes the records below an offset unreadable and deletes
// the segments that have no others. Offsets at or below the start do nothing;
// above the end they are model.OffsetOutOfRange.
func (l *Log) RaiseStartOffset(off model.Offset) error {
	if err := l.Err(); err != nil {
		return err
	}
	if off > l.end {
		return fmt.Errorf("raise start of %s to %d: log ends at %d: %w", l.dir, off, l.end, model.OffsetOutOfRange)
	}
	if off <= l.start {
		return nil
	}
	if err := l.raiseStart(off); err != nil {
		return l.Fail(fmt.Errorf("raise start to %d: %w", off, err))
	}
	return nil
}

func (l *Log) raiseStart(off model.Offset) error {
	l.start = off
	if err := l.Checkpoint(); err != nil {
		return err
	}
	for len(l.segments) > 1 && l.segments[0].next <= off {
		oldest := l.segments[0]
		l.segments = l.segments[1:]
		l.namesChanged()
		if err := oldest.remove(); err != nil {
			return err
		}
	}
	base := l.segments[0].base
	if err := l.removeSnapshots(func(at model.Offset) bool { return at < base }); err != nil {
		return err
	}
	if l.epochs.cutStart(off) {
		return l.saveEpochs()
	}
	return nil
}

// EnforceRetention deletes the oldest segments that are too old by the wall
// clock, in milliseconds since the Unix epoch, or more than RetentionBytes
// allow. Nothing at or above the high watermark is touched. deletedTo is the
// start offset afterwards.
func (l *Log) EnforceRetention(wallMS int64, hw model.Offset) (deletedTo model.Offset, err error) {
	if err := l.Err(); err != nil {
		return l.start, err
	}
	to, left := l.start, l.SizeBytes()
	for _, s := range l.segments {
		if s.size == 0 || s.next > hw && !l.cfg.Mutants.Has(mutant.LogStartAboveWatermark) || !l.expired(s, wallMS, left) {
			break
		}
		to, left = s.next, left-s.size
	}
	if to == l.end && to > l.start {
		if err := l.roll(); err != nil {
			return l.start, l.Fail(fmt.Errorf("roll segment for retention: %w", err))
		}
	}
	err = l.RaiseStartOffset(to)
	return l.start, err
}

// expired judges the oldest segment of a log of total bytes. Without a
// timestamp there is no age.
func (l *Log) expired(s *segment, wallMS, total int64) bool {
	latest := s.index.latest.timestamp
	tooOld := l.cfg.RetentionMS != keepForEver && latest >= 0 && wallMS-latest > l.cfg.RetentionMS
	tooMuch := l.cfg.RetentionBytes != keepForEver && total-s.size >= l.cfg.RetentionBytes
	return tooOld || tooMuch
}
