package storage

import (
	"fmt"

	"github.com/ackproof/ackproof/broker/model"
)

// scanBytes is how much EachBatch reads from a file at a time.
const scanBytes = 1 << 20

// EachBatch visits the batches from the one that contains an offset up to an end,
// for somebody who looks on: those in memory are not copied, so none may be kept
// or changed, and whatever is wrong with the log is the visitor's to judge and
// does not make the log fail. It ends with the first error.
func (l *Log) EachBatch(from, end model.Offset, visit func(Batch) error) error {
	for end = min(end, l.end); from < end; {
		if held := l.tail.batches[l.tail.head:]; len(held) > 0 && from >= held[0].BaseOffset() {
			return l.tail.each(from, end, visit)
		}
		run, err := l.segmentOf(from).read(from, readBound{scanBytes, end, true}, int(l.cfg.IndexIntervalBytes))
		if err != nil {
			return fmt.Errorf("look at %d: %w", from, err)
		}
		if len(run) == 0 {
			return nil // the end is inside the next batch
		}
		for len(run) > 0 {
			b, rest, err := FirstBatch(run)
			if err != nil {
				return fmt.Errorf("look at %d: %w", from, err)
			}
			if err := visit(b); err != nil {
				return err
			}
			from, run = b.NextOffset(), rest
		}
	}
	return nil
}

func (t *tail) each(from, end model.Offset, visit func(Batch) error) error {
	for _, b := range t.batches[t.find(from):] {
		if b.NextOffset() > end {
			break
		}
		if err := visit(b); err != nil {
			return err
		}
	}
	return nil
}

// LastBatch is the last batch, if it is in memory still.
func (l *Log) LastBatch() (Batch, bool) {
	if len(l.tail.batches) == l.tail.head {
		return nil, false
	}
	return l.tail.batches[len(l.tail.batches)-1], true
}

// LatestEntry is the last entry of the epoch cache; see LatestEpoch.
func (l *Log) LatestEntry() (EpochEntry, bool) { return l.epochs.latest() }

// ProducerStates is a copy of what the log knows of its producers, in order of
// their ids.
func (l *Log) ProducerStates() []ProducerState { return l.producers.sorted() }
