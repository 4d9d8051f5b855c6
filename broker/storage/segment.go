package storage

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/ackproof/ackproof/broker/model"
)

const (
	logSuffix       = ".log"
	indexSuffix     = ".index"
	timeIndexSuffix = ".timeindex"
	snapshotSuffix  = ".snapshot"
)

// segment is one file of the log: the batches of [base, next).
type segment struct {
	fs    FS
	file  File
	path  string // without suffix
	base  model.Offset
	next  model.Offset
	size  int64
	index index
	write [1][]byte // saves an allocation with every append
	// endUnsynced asks for a sync although next may not be above the flushed
	// offset: a truncation, by this process or one before it, would come undone
	// in a power loss.
	endUnsynced bool
}

// segmentPath is Kafka's naming: the base offset in 20 digits.
func segmentPath(dir string, base model.Offset) string {
	return path.Join(dir, fmt.Sprintf("%020d", base))
}

// offsetOfName reads the offset out of a file name with this suffix.
func offsetOfName(name, suffix string) (model.Offset, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	offset, err := strconv.ParseInt(digits, 10, 64)
	return model.Offset(offset), err == nil && offset >= 0
}

// openSegment opens or creates the file; next, size and index are those of an
// empty segment until loaded.
func openSegment(fs FS, dir string, base model.Offset) (*segment, error) {
	s := &segment{fs: fs, path: segmentPath(dir, base), base: base, next: base, index: newIndex()}
	var err error
	s.file, err = fs.OpenFile(s.path + logSuffix)
	return s, err
}

// took accounts for a batch that was written at the end.
func (s *segment) took(b Batch, interval int64) {
	s.index.add(b, s.size, interval)
	s.size += int64(len(b))
	s.next = b.NextOffset()
}

// loadIndex fills in next, size and index from the index files if they are
// those of the file as it is now.
func (s *segment) loadIndex() error {
	size, err := s.file.Size()
	if err != nil {
		return err
	}
	x, cover, err := readIndex(s.fs, s.path+indexSuffix, s.path+timeIndexSuffix)
	if err != nil {
		return err
	}
	if cover.size != size {
		return fmt.Errorf("%w: covers %d of %d bytes", errIndexUnusable, cover.size, size)
	}
	s.index, s.size, s.next = x, size, cover.next
	return nil
}

// append writes at the end of the file; took accounts for it.
func (s *segment) append(run []byte) error {
	s.write[0] = run
	err := s.file.Append(s.write[:]...)
	s.write[0] = nil
	return err
}

func (s *segment) writeIndex() error {
	return s.index.write(s.fs, s.path+indexSuffix, s.path+timeIndexSuffix, indexCover{s.size, s.next})
}

func (s *segment) removeIndex() error {
	return errors.Join(s.fs.Remove(s.path+indexSuffix), s.fs.Remove(s.path+timeIndexSuffix))
}

// remove closes and deletes all files of the segment.
func (s *segment) remove() error {
	return errors.Join(s.file.Close(), s.removeIndex(), s.fs.Remove(s.path+logSuffix))
}

// scanChunk is how much a scan reads at once, in bytes.
const scanChunk = 256 << 10

// errStopScan ends a scan early without an error.
var errStopScan = errors.New("stop scan")

// scan walks the batches from a byte on, up to the byte limit. It stops at what
// is no whole batch: end is where the last good one ends, and fault says why
// it went no further, nil at the limit. The batch passed to each is valid only
// during the call; an error from it other than errStopScan is the fault.
func (s *segment) scan(from, limit int64, each func(position int64, b Batch) error) (end int64, fault, ioErr error) {
	var buf []byte
	read := from // file position after buf
	end = from
	for {
		b, rest, err := FirstBatch(buf)
		if err == nil {
			if err = each(end, b); err == nil {
				end += int64(len(b))
				buf = rest
				continue
			}
		}
		switch {
		case errors.Is(err, errStopScan):
			return end, nil, nil
		case !errors.Is(err, ErrTruncated):
			return end, err, nil
		case read == limit && len(buf) == 0:
			return end, nil, nil
		case read == limit:
			return end, err, nil
		}
		want := int64(scanChunk)
		if len(buf) >= lengthOverhead {
			want = max(want, int64(Batch(buf).Length()-len(buf)))
		}
		want = min(want, limit-read)
		next := make([]byte, int64(len(buf))+want)
		copy(next, buf)
		if err := readFull(s.file, next[len(buf):], read); err != nil {
			return end, nil, err
		}
		buf = next
		read += want
	}
}
