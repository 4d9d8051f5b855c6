package storage

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ackproof/ackproof/broker/model"
)

// OffsetForTimestamp finds the first record below end whose timestamp, in
// milliseconds since the Unix epoch, is not below ts. In a compressed batch it
// is the batch's first record that is named, which may be earlier.
func (l *Log) OffsetForTimestamp(ts int64, end model.Offset) (off model.Offset, timestamp int64, ok bool, err error) {
	if err := l.Err(); err != nil {
		return model.NoOffset, noTimestamp, false, err
	}
	for _, s := range l.segments {
		if s.next <= l.start || s.index.latest.timestamp < ts {
			continue
		}
		from := s.index.position(s.index.before(ts, s.base))
		_, fault, err := s.scan(from, s.size, func(_ int64, b Batch) error {
			if b.BaseOffset() >= end {
				return errStopScan
			}
			if b.NextOffset() <= l.start || b.MaxTimestamp() < ts {
				return nil
			}
			off, timestamp, ok = b.firstRecord(func(o model.Offset, t int64) bool { return t >= ts && o >= l.start })
			if ok {
				return errStopScan
			}
			return nil
		})
		if err := errors.Join(fault, err); err != nil {
			return model.NoOffset, noTimestamp, false, l.Fail(fmt.Errorf("look for timestamp %d: %w", ts, err))
		}
		if ok {
			break
		}
	}
	if !ok || off >= end {
		return model.NoOffset, noTimestamp, false, nil
	}
	return max(off, l.start), timestamp, true, nil
}

// MaxTimestampOffset finds the first record below end with the largest
// timestamp (KIP-734), with OffsetForTimestamp's reserve about compression.
func (l *Log) MaxTimestampOffset(end model.Offset) (off model.Offset, timestamp int64, ok bool, err error) {
	if err := l.Err(); err != nil {
		return model.NoOffset, noTimestamp, false, err
	}
	best := noTimestamp
	for _, s := range l.segments {
		if s.next <= l.start || s.base >= end || s.index.latest.timestamp <= best {
			continue
		}
		_, fault, err := s.scan(s.index.position(l.start), s.size, func(_ int64, b Batch) error {
			if b.BaseOffset() >= end {
				return errStopScan
			}
			if b.NextOffset() <= l.start || b.MaxTimestamp() <= best {
				return nil
			}
			o, t, found := b.latestRecord(l.start, end)
			if found && t > best {
				off, timestamp, ok, best = o, t, true, t
			}
			return nil
		})
		if err := errors.Join(fault, err); err != nil {
			return model.NoOffset, noTimestamp, false, l.Fail(fmt.Errorf("look for the largest timestamp: %w", err))
		}
	}
	if !ok {
		return model.NoOffset, noTimestamp, false, nil
	}
	return max(off, l.start), timestamp, true, nil
}

// firstRecord finds the first record that is wanted. Where records cannot be
// looked at, the first one stands for all.
func (b Batch) firstRecord(wanted func(off model.Offset, timestamp int64) bool) (model.Offset, int64, bool) {
	var off model.Offset
	var timestamp int64
	found := false
	readable := b.eachRecord(func(o model.Offset, t int64) bool {
		if wanted(o, t) {
			off, timestamp, found = o, t, true
		}
		return !found
	})
	if !readable {
		return b.BaseOffset(), b.BaseTimestamp(), true
	}
	return off, timestamp, found
}

// latestRecord finds the first record of [start, end) with the largest
// timestamp.
func (b Batch) latestRecord(start, end model.Offset) (off model.Offset, timestamp int64, found bool) {
	readable := b.eachRecord(func(o model.Offset, t int64) bool {
		if o >= start && o < end && (!found || t > timestamp) {
			off, timestamp, found = o, t, true
		}
		return true
	})
	if !readable {
		return b.BaseOffset(), b.MaxTimestamp(), true
	}
	return off, timestamp, found
}

// eachRecord walks offset and timestamp of the records until each returns
// false. It is false for a compressed batch or one with malformed records.
func (b Batch) eachRecord(each func(off model.Offset, timestamp int64) (more bool)) (readable bool) {
	if b.Codec() != 0 {
		return false
	}
	rest := b[BatchHeaderSize:]
	for range b.Count() {
		length, n := binary.Varint(rest)
		if n <= 0 || length < 1 || length > int64(len(rest)-n) {
			return false
		}
		record := rest[n : n+int(length)]
		rest = rest[n+int(length):]
		const attributes = 1
		timestampDelta, n := binary.Varint(record[attributes:])
		if n <= 0 {
			return false
		}
		offsetDelta, m := binary.Varint(record[attributes+n:])
		if m <= 0 {
			return false
		}
		if !each(b.BaseOffset()+model.Offset(offsetDelta), b.BaseTimestamp()+timestampDelta) {
			return true
		}
	}
	return true
}
