package storage

import (
	"errors"
	"fmt"
	"sort"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// Errors of a log.
var (
	// ErrLogFailed is returned by every call after an I/O error. What a failed
	// write left behind is unknown, and a failed fsync may have dropped the
	// pages it could not write, so only reopening, with its checks, can tell
	// what the log holds (KAFKA-10778).
	ErrLogFailed = errors.New("log failed")
	// ErrOutOfPlace says that a batch does not continue the log. Nothing was
	// appended and the log stays usable.
	ErrOutOfPlace = errors.New("batch does not continue the log")
)

// Log is the log of one partition. See the package comment for its contract.
type Log struct {
	fs  FS
	dir string
	cfg LogConfig

	segments []*segment // ascending, never empty; the last one is appended to
	start    model.Offset
	end      model.Offset
	tail     tail

	epochs    epochCache
	producers producers
	snapshots []model.Offset // ascending

	flushed     model.Offset
	generation  int // grows with every truncation: see Flushed
	names       int // grows with every created or removed name in dir
	syncedNames int
	durable     checkpoint // as on disk

	failed error
}

// StartOffset is the first offset that can be read.
func (l *Log) StartOffset() model.Offset { return l.start }

// EndOffset is the next offset to be written.
func (l *Log) EndOffset() model.Offset { return l.end }

// SizeBytes is the size of all segments.
func (l *Log) SizeBytes() int64 {
	var total int64
	for _, s := range l.segments {
		total += s.size
	}
	return total
}

// Err is nil, or wraps ErrLogFailed and what made the log fail.
func (l *Log) Err() error { return l.failed }

// Fail makes every later call return ErrLogFailed; the first cause stays.
func (l *Log) Fail(cause error) error {
	if l.failed == nil {
		l.failed = fmt.Errorf("%s: %w: %w", l.dir, ErrLogFailed, cause)
	}
	return l.failed
}

func (l *Log) active() *segment { return l.segments[len(l.segments)-1] }

// segmentOf gives the segment that contains an offset of the log, or would.
func (l *Log) segmentOf(offset model.Offset) *segment {
	after := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].base > offset })
	return l.segments[max(after-1, 0)]
}

// namesChanged notes that the directory has to be synced with the next flush.
func (l *Log) namesChanged() { l.names++ }

// Append adds one validated and stamped batch, whose bytes it keeps.
func (l *Log) Append(b Batch) error {
	if len(b) < BatchHeaderSize || b.Length() != len(b) {
		return fmt.Errorf("append %d bytes: %w: not exactly one batch", len(b), ErrOutOfPlace)
	}
	return l.appendRun(b, true)
}

// AppendRun adds a run of adjacent batches, as a follower fetches them, with
// one write as a rule. It keeps the bytes. Either all batches continue the log
// or none is appended.
func (l *Log) AppendRun(run []byte) error {
	return l.appendRun(run, !l.cfg.Mutants.Has(mutant.DedupeOnLeaderOnly))
}

// appendRun appends; remember tells whether the producers' state takes note.
func (l *Log) appendRun(run []byte, remember bool) error {
	if err := l.Err(); err != nil {
		return err
	}
	if err := l.continues(run); err != nil {
		return fmt.Errorf("append to %s: %w", l.dir, err)
	}
	for len(run) > 0 {
		n, err := l.appendSome(run, remember)
		if err != nil {
			return l.Fail(fmt.Errorf("append at %d: %w", l.end, err))
		}
		run = run[n:]
	}
	return nil
}

func (l *Log) continues(run []byte) error {
	next := l.end
	epoch, _ := l.LatestEpoch()
	for len(run) > 0 {
		b, rest, err := FirstBatch(run)
		switch {
		case err != nil:
			return fmt.Errorf("%w: %w", ErrOutOfPlace, err)
		case b.BaseOffset() != next || b.LastOffset() < next:
			return fmt.Errorf("%w: offsets [%d, %d] where %d is next", ErrOutOfPlace, b.BaseOffset(), b.LastOffset(), next)
		case b.LeaderEpoch() < epoch:
			return fmt.Errorf("%w: leader epoch %d after %d", ErrOutOfPlace, b.LeaderEpoch(), epoch)
		}
		next, epoch, run = b.NextOffset(), b.LeaderEpoch(), rest
	}
	return nil
}

// appendSome writes the batches at the front of the run that go to the same
// segment and are of the same epoch, and gives their size.
func (l *Log) appendSome(run []byte, remember bool) (int, error) {
	first, _, err := FirstBatch(run)
	if err != nil {
		return 0, err
	}
	if s := l.active(); s.size > 0 && s.size+int64(len(first)) > l.cfg.SegmentBytes {
		if err := l.roll(); err != nil {
			return 0, fmt.Errorf("roll segment: %w", err)
		}
	}
	epoch := first.LeaderEpoch()
	if latest, ok := l.epochs.latest(); epoch != model.NoEpoch && (!ok || epoch > latest.Epoch) {
		if err := l.AssignEpoch(epoch, l.end); err != nil {
			return 0, err
		}
	}
	s := l.active()
	n := len(first)
	for {
		b, _, err := FirstBatch(run[n:])
		if err != nil || b.LeaderEpoch() != epoch || s.size+int64(n+len(b)) > l.cfg.SegmentBytes {
			break
		}
		n += len(b)
	}
	if err := s.append(run[:n]); err != nil && !l.cfg.Mutants.Has(mutant.AppendErrorIgnored) {
		return 0, err
	}
	l.took(run[:n], remember)
	return n, nil
}

// took accounts for batches that are in the file.
func (l *Log) took(written []byte, remember bool) {
	for len(written) > 0 {
		b := Batch(written)
		b = b[:b.Length():b.Length()]
		l.active().took(b, l.cfg.IndexIntervalBytes)
		if remember {
			l.producers.took(b)
		}
		l.tail.add(b)
		l.end = b.NextOffset()
		written = written[len(b):]
	}
}

// roll seals the active segment and starts the next one.
func (l *Log) roll() error {
	if err := l.active().writeIndex(); err != nil {
		return err
	}
	if err := l.addSegment(l.end); err != nil {
		return err
	}
	return l.snapshotProducers()
}

func (l *Log) addSegment(base model.Offset) error {
	s, err := openSegment(l.fs, l.dir, base)
	if err != nil {
		return err
	}
	l.segments = append(l.segments, s)
	l.namesChanged()
	return nil
}

// Close ends the use of the log. A clean close makes everything durable, so
// that the next OpenLog need not scan; otherwise files are only closed.
func (l *Log) Close(clean bool) error {
	var err error
	if clean {
		err = l.settle()
	}
	for _, s := range l.segments {
		err = errors.Join(err, s.file.Close())
	}
	if l.failed == nil {
		l.failed = fmt.Errorf("%s: %w: closed", l.dir, ErrLogFailed)
	}
	if err != nil {
		return fmt.Errorf("close %s: %w", l.dir, err)
	}
	return nil
}

// settle brings all of the log to disk.
func (l *Log) settle() error {
	if err := l.Err(); err != nil {
		return err
	}
	if err := l.active().writeIndex(); err != nil {
		return err
	}
	if err := l.snapshotProducers(); err != nil {
		return err
	}
	ticket := l.Flush()
	if err := ticket.Sync(l.fs); err != nil {
		return err
	}
	l.Flushed(ticket)
	return l.writeCheckpoint(checkpoint{l.flushed, l.start})
}
