package storage

import (
	"errors"
	"fmt"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// Truncate removes the records from an offset on, and everything that was
// derived from them: epoch entries, producer state, flushed offset. An offset
// inside a batch removes the whole batch. At or above the end nothing but
// epoch entries at the end is removed: those of a leader that never wrote.
func (l *Log) Truncate(to model.Offset) error {
	if err := l.Err(); err != nil {
		return err
	}
	if to < 0 {
		return fmt.Errorf("truncate %s to %d: must be >= 0", l.dir, to)
	}
	if to >= l.end {
		return l.cutEpochs()
	}
	if to < l.segments[0].base {
		return l.TruncateFullyAndStartAt(to)
	}
	if err := l.truncate(to); err != nil {
		return l.Fail(fmt.Errorf("truncate to %d: %w", to, err))
	}
	return nil
}

func (l *Log) truncate(to model.Offset) error {
	s := l.segmentOf(to)
	position, end, err := s.find(to)
	if err != nil {
		return err
	}
	if err := l.lowerCheckpoint(end); err != nil {
		return err
	}
	l.generation++
	for l.active() != s {
		if err := l.dropLastSegment(); err != nil {
			return err
		}
	}
	if err := s.cut(position, end); err != nil {
		return err
	}
	l.namesChanged()
	l.tail.cut(end)
	l.end = end
	l.start = min(l.start, end)
	l.flushed = min(l.flushed, end)
	if err := l.cutEpochs(); err != nil {
		return err
	}
	if l.cfg.Mutants.Has(mutant.ProducerStateNotCut) {
		return nil
	}
	// Without this a retry of a batch that was cut off would be taken for a
	// duplicate and acknowledged.
	if err := l.removeSnapshots(func(at model.Offset) bool { return at > end }); err != nil {
		return err
	}
	if err := l.reloadProducers(); err != nil {
		return err
	}
	return l.snapshotProducers()
}

// cutEpochs drops the epochs that have no record left.
func (l *Log) cutEpochs() error {
	if l.cfg.Mutants.Has(mutant.EpochsNotCut) || !l.epochs.cutEnd(l.end) {
		return nil
	}
	return l.saveEpochs()
}

func (l *Log) dropLastSegment() error {
	last := l.active()
	l.segments = l.segments[:len(l.segments)-1]
	l.namesChanged()
	return last.remove()
}

// find gives byte and base offset of the batch that contains an offset.
func (s *segment) find(offset model.Offset) (position int64, base model.Offset, err error) {
	position, base = s.size, s.next
	_, fault, err := s.scan(s.index.position(offset), s.size, func(at int64, b Batch) error {
		if b.NextOffset() <= offset {
			return nil
		}
		position, base = at, b.BaseOffset()
		return errStopScan
	})
	return position, base, errors.Join(fault, err)
}

// cut shortens the segment. Its index on disk goes, that in memory follows.
func (s *segment) cut(size int64, next model.Offset) error {
	if err := s.removeIndex(); err != nil {
		return err
	}
	if err := s.file.Truncate(size); err != nil {
		return err
	}
	s.size, s.next, s.endUnsynced = size, next, true
	from := s.index.cut(next)
	_, fault, err := s.scan(from, size, func(_ int64, b Batch) error {
		s.index.addTimestamp(b)
		return nil
	})
	s.index.since = size - from
	return errors.Join(fault, err)
}

// TruncateFullyAndStartAt empties the log; the next offset is off.
func (l *Log) TruncateFullyAndStartAt(off model.Offset) error {
	if err := l.Err(); err != nil {
		return err
	}
	if off < 0 {
		return fmt.Errorf("empty %s to start at %d: must be >= 0", l.dir, off)
	}
	if err := l.restartAt(off); err != nil {
		return l.Fail(fmt.Errorf("empty the log to start at %d: %w", off, err))
	}
	return nil
}

// restartAt writes the new start down first. OpenLog after a crash in between
// scans whatever is left, as nothing is vouched for; if that ends below the new
// start, it starts over.
func (l *Log) restartAt(off model.Offset) error {
	if err := l.writeCheckpoint(checkpoint{start: off}); err != nil {
		return err
	}
	l.epochs.entries = nil
	if err := l.saveEpochs(); err != nil {
		return err
	}
	l.generation++
	for len(l.segments) > 0 {
		if err := l.dropLastSegment(); err != nil {
			return err
		}
	}
	if err := l.removeSnapshots(func(model.Offset) bool { return true }); err != nil {
		return err
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		return err
	}
	l.tail.cut(0)
	l.producers = producers{}
	l.start, l.end, l.flushed = off, off, off
	return l.addSegment(off)
}
