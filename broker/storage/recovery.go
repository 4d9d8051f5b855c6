package storage

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// Recovery says what OpenLog found and did.
type Recovery struct {
	TruncatedBytes  int64
	ScannedBatches  int // with their CRC checked
	DroppedSegments int
	Reason          string // why something was cut or doubted; empty if nothing was
}

func (r Recovery) String() string {
	found := fmt.Sprintf("%d batches scanned, %d bytes cut, %d segments dropped", r.ScannedBatches, r.TruncatedBytes, r.DroppedSegments)
	if r.Reason == "" {
		return found
	}
	return found + ": " + r.Reason
}

func (r *Recovery) because(format string, args ...any) {
	if r.Reason != "" {
		r.Reason += "; "
	}
	r.Reason += fmt.Sprintf(format, args...)
}

// OpenLog opens or creates the log in a directory. clean says that it was
// closed cleanly, by everybody's word: then only what has no usable index is
// scanned. Otherwise every segment that ends above the recovery point is
// scanned, the log is cut at the first byte that is not a good batch in its
// place, and epoch cache and producer state are rebuilt to match.
func OpenLog(fs FS, dir string, cfg LogConfig, clean bool) (*Log, Recovery, error) {
	l := &Log{fs: fs, dir: dir, cfg: cfg, producers: producers{}}
	if err := l.cfg.validate(); err != nil {
		return nil, Recovery{}, err
	}
	l.tail.limit = l.cfg.TailBytes
	rec, err := l.recover(clean)
	if err != nil {
		for _, s := range l.segments {
			err = errors.Join(err, s.file.Close())
		}
		return nil, rec, fmt.Errorf("open log %s: %w", dir, err)
	}
	return l, rec, nil
}

func (l *Log) recover(clean bool) (rec Recovery, err error) {
	bases, err := l.listFiles()
	if err != nil {
		return rec, err
	}
	saved, damaged, err := readCheckpoint(l.fs, l.dir)
	if err != nil {
		return rec, err
	}
	if damaged {
		rec.because("%s is damaged", checkpointFile)
	}
	l.durable = saved
	cache, doubt, err := loadEpochCache(l.fs, l.dir)
	if err != nil {
		return rec, err
	}
	l.epochs = cache
	onDisk := slices.Clone(cache.entries)

	trusted := saved.recovery
	if clean {
		trusted = math.MaxInt64
	}
	if doubt != nil && len(bases) > 0 {
		rec.because("%v", doubt)
		trusted = 0
	}
	if err := l.openSegments(bases, trusted, &rec); err != nil {
		return rec, err
	}
	if len(l.segments) == 0 {
		if err := l.addSegment(saved.start); err != nil {
			return rec, err
		}
	}
	l.start = max(saved.start, l.segments[0].base)
	l.end = l.active().next
	l.flushed = min(saved.recovery, l.end)
	if clean || l.cfg.Mutants.Has(mutant.RecoveredCountsAsFlushed) {
		l.flushed = l.end
	}
	for _, s := range l.segments {
		s.endUnsynced = s.next >= l.flushed && !l.cfg.Mutants.Has(mutant.RecoveredCountsAsFlushed)
	}
	if l.start > l.end {
		rec.because("log start %d is above the end %d", l.start, l.end)
		return rec, l.restartAt(l.start)
	}
	return rec, l.settleRecovered(onDisk, clean)
}

// settleRecovered makes what is derived from the log match the log.
func (l *Log) settleRecovered(epochsOnDisk []EpochEntry, clean bool) error {
	if err := l.lowerCheckpoint(l.end); err != nil {
		return err
	}
	l.epochs.cutEnd(l.end)
	l.epochs.cutStart(l.start)
	if !slices.Equal(l.epochs.entries, epochsOnDisk) {
		if err := l.epochs.save(); err != nil {
			return fmt.Errorf("save epochs: %w", err)
		}
	}
	// A snapshot above the recovery point may be one that a truncation removed
	// and a power loss brought back: of another history.
	usable := l.end
	if !clean {
		usable = l.flushed
	}
	if err := l.removeSnapshots(func(at model.Offset) bool { return at > usable }); err != nil {
		return err
	}
	return l.reloadProducers()
}

// listFiles makes the directory, clears away what was left half written, and
// gives the base offsets of the segments in order.
func (l *Log) listFiles() (bases []model.Offset, err error) {
	if err := l.makeDir(); err != nil {
		return nil, err
	}
	names, err := l.fs.List(l.dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, tempSuffix) {
			if err := l.fs.Remove(path.Join(l.dir, name)); err != nil {
				return nil, err
			}
		}
		if base, ok := offsetOfName(name, logSuffix); ok {
			bases = append(bases, base)
		}
		if at, ok := offsetOfName(name, snapshotSuffix); ok {
			l.snapshots = append(l.snapshots, at)
		}
	}
	return bases, nil
}

// openSegments opens the segments as far as they form one log. From the first
// one that is scanned on, all are: the epoch cache is rebuilt from there.
func (l *Log) openSegments(bases []model.Offset, trusted model.Offset, rec *Recovery) error {
	for i, base := range bases {
		s, err := openSegment(l.fs, l.dir, base)
		if err != nil {
			return err
		}
		l.segments = append(l.segments, s)
		err = s.loadIndex()
		if err != nil && !errors.Is(err, errIndexUnusable) {
			return err
		}
		intact, scanned := true, err != nil || s.next > trusted
		if scanned {
			trusted = min(trusted, base)
			if intact, err = l.rebuild(s, rec); err != nil {
				return err
			}
		}
		following := bases[i+1:]
		if scanned && intact && len(following) > 0 {
			if err := s.writeIndex(); err != nil {
				return err
			}
			l.namesChanged()
		}
		if intact && len(following) > 0 && s.next != following[0] {
			rec.because("segment %d ends at %d and the next starts at %d", base, s.next, following[0])
			intact = false
		}
		if !intact && !l.cfg.Mutants.Has(mutant.SegmentsKeptAfterCut) {
			return l.dropSegments(following, rec)
		}
	}
	return nil
}

// rebuild scans a segment, cuts it where it is no longer good, and takes index
// and epochs from what is left. Epoch entries come from the batches alone, also
// those of epoch 0 (KAFKA-10432): the cache on disk may be ahead of a segment
// that lost its tail, or of one that got an old tail back.
func (l *Log) rebuild(s *segment, rec *Recovery) (intact bool, err error) {
	size, err := s.file.Size()
	if err != nil {
		return false, err
	}
	s.index, s.size, s.next = newIndex(), 0, s.base
	l.epochs.cutEnd(s.base)
	good, fault, err := s.scan(0, size, func(_ int64, b Batch) error {
		if err := l.provenNext(s, b); err != nil {
			return err
		}
		rec.ScannedBatches++
		if b.LeaderEpoch() >= 0 && !l.cfg.Mutants.Has(mutant.EpochsNotRecovered) {
			l.epochs.assign(EpochEntry{b.LeaderEpoch(), b.BaseOffset()})
		}
		s.took(b, l.cfg.IndexIntervalBytes)
		return nil
	})
	if err != nil || fault == nil {
		return true, err
	}
	rec.because("segment %d is cut at byte %d of %d: %v", s.base, good, size, fault)
	rec.TruncatedBytes += size - good
	l.namesChanged()
	if l.cfg.Mutants.Has(mutant.TornTailNotCut) {
		return false, s.removeIndex()
	}
	return false, errors.Join(s.removeIndex(), s.file.Truncate(good))
}

// provenNext checks that a scanned batch is whole and in its place.
func (l *Log) provenNext(s *segment, b Batch) error {
	if err := b.Validate(); err != nil && !l.cfg.Mutants.Has(mutant.TornBatchKept) {
		return err
	}
	if b.BaseOffset() != s.next {
		return fmt.Errorf("batch at offset %d where %d is next", b.BaseOffset(), s.next)
	}
	if latest, ok := l.epochs.latest(); ok && b.LeaderEpoch() < latest.Epoch {
		return fmt.Errorf("leader epoch %d after %d at offset %d", b.LeaderEpoch(), latest.Epoch, b.BaseOffset())
	}
	return nil
}

// makeDir makes a new directory's name durable at once, as the epochs saved in
// it must be. One that exists may still lack that, if its maker was killed: the
// first flush sees to it.
func (l *Log) makeDir() error {
	l.namesChanged()
	exists, err := l.fs.Exists(l.dir)
	if err != nil || exists {
		return err
	}
	if err := l.fs.MkdirAll(l.dir); err != nil {
		return err
	}
	return l.fs.SyncDir(path.Dir(l.dir))
}

func (l *Log) dropSegments(bases []model.Offset, rec *Recovery) error {
	for _, base := range bases {
		s, err := openSegment(l.fs, l.dir, base)
		if err != nil {
			return err
		}
		size, err := s.file.Size()
		if err := errors.Join(err, s.remove()); err != nil {
			return err
		}
		rec.TruncatedBytes += size
		rec.DroppedSegments++
		l.namesChanged()
	}
	return nil
}
