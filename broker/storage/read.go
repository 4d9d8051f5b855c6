package storage

import (
	"errors"
	"fmt"

	"github.com/ackproof/ackproof/broker/model"
)

// readBound is what a read may return.
type readBound struct {
	maxBytes   int
	end        model.Offset
	atLeastOne bool // KIP-74: the first batch may exceed maxBytes
}

// admits tells whether a batch may follow the bytes already taken.
func (r readBound) admits(b Batch, taken int) bool {
	if b.NextOffset() > r.end {
		return false
	}
	return taken+b.Length() <= r.maxBytes || (taken == 0 && r.atLeastOne)
}

// Read returns whole batches from the one that contains from, so the first may
// start below it. None goes beyond end, whatever maxBytes; with atLeastOne the
// first is returned even if it is larger than maxBytes. The slice is the
// caller's. from outside [StartOffset, EndOffset] is model.OffsetOutOfRange;
// with nothing to return it is nil.
func (l *Log) Read(from model.Offset, maxBytes int, end model.Offset, atLeastOne bool) ([]byte, error) {
	if err := l.Err(); err != nil {
		return nil, err
	}
	if from < l.start || from > l.end {
		return nil, fmt.Errorf("read at %d: log has [%d, %d): %w", from, l.start, l.end, model.OffsetOutOfRange)
	}
	bound := readBound{maxBytes, min(end, l.end), atLeastOne}
	if from >= bound.end {
		return nil, nil
	}
	if data, held := l.tail.read(from, bound); held {
		return data, nil
	}
	data, err := l.segmentOf(from).read(from, bound, int(l.cfg.IndexIntervalBytes))
	if err != nil {
		return nil, l.Fail(fmt.Errorf("read at %d: %w", from, err))
	}
	return data, nil
}

// read reads from this segment only: a fetch that ends at a segment's end is
// simply a short one. slack is how far the batch may be from where the index
// points, as a rule, so that one ReadAt is enough.
func (s *segment) read(from model.Offset, bound readBound, slack int) ([]byte, error) {
	position := s.index.position(from)
	for want := int64(max(bound.maxBytes, 0)+slack) + BatchHeaderSize; ; {
		buf := make([]byte, min(want, s.size-position))
		if err := readFull(s.file, buf, position); err != nil {
			return nil, err
		}
		run, rest, err := admitted(buf, from, bound)
		if err != nil {
			return nil, fmt.Errorf("%s at byte %d: %w", s.file.Name(), position+int64(len(buf)-len(rest)), err)
		}
		if len(run) > 0 {
			return run, nil
		}
		skipped := int64(len(buf) - len(rest))
		switch {
		case len(rest) >= BatchHeaderSize && !bound.admits(rest, 0) && Batch(rest).NextOffset() > from:
			return nil, nil
		case position+int64(len(buf)) == s.size:
			return nil, fmt.Errorf("%s ends inside a batch at byte %d", s.file.Name(), position+skipped)
		}
		// The wanted batch lies further on than the index let hope, or is
		// larger than maxBytes: start at it, or at what comes before it.
		position += skipped
		if len(rest) >= BatchHeaderSize {
			want = max(want, int64(Batch(rest).Length()))
		}
	}
}

// admitted skips the batches before the one that contains from and takes those
// that the bound admits. rest starts at the first batch that was not skipped.
func admitted(buf []byte, from model.Offset, bound readBound) (run, rest []byte, err error) {
	for rest = buf; ; {
		b, after, err := FirstBatch(rest)
		if errors.Is(err, ErrTruncated) {
			return nil, rest, nil
		}
		if err != nil {
			return nil, rest, err
		}
		if b.NextOffset() > from {
			break
		}
		rest = after
	}
	taken := 0
	b, after, err := FirstBatch(rest)
	for err == nil && bound.admits(b, taken) {
		taken += len(b)
		b, after, err = FirstBatch(after)
	}
	// Damage further on is for the read that begins there to find.
	return rest[:taken:taken], rest, nil
}
