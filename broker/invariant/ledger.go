package invariant

import (
	"hash/crc32"
	"sort"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

// ledger is the committed batches of a topic partition, as leaders made them so:
// what stands here stands for ever.
type ledger []entry

// entry is a batch, its bytes by their checksum.
type entry struct {
	base, next model.Offset
	epoch      model.Epoch
	sum        uint32
}

func entryOf(b storage.Batch) entry {
	// Another polynomial than that of the batch's own checksum.
	return entry{b.BaseOffset(), b.NextOffset(), b.LeaderEpoch(), crc32.ChecksumIEEE(b)}
}

func (l ledger) end() model.Offset {
	if len(l) == 0 {
		return 0
	}
	return l[len(l)-1].next
}

// from is the place of the batch that begins at an offset, or would.
func (l ledger) from(base model.Offset) int {
	return sort.Search(len(l), func(i int) bool { return l[i].base >= base })
}

// comparison goes through a log from an offset on, beside the ledger.
type comparison struct {
	ledger *ledger
	at     int // in the ledger
	next   model.Offset
	epoch  model.Epoch
	// extends says that what the ledger does not have yet is added to it. Producers,
	// unless nil, is where they stand at its end.
	extends   bool
	producers sequences
}

func (l *ledger) compare(from model.Offset, extends bool) comparison {
	c := comparison{ledger: l, at: l.from(from), next: from, epoch: model.NoEpoch, extends: extends}
	if c.at > 0 {
		c.epoch = (*l)[c.at-1].epoch
	}
	return c
}

// take takes the log's next batch; the class is "" if nothing is wrong with it,
// and else is the one given if the ledger has another batch.
func (c *comparison) take(b storage.Batch, other Class) Class {
	switch {
	case b.BaseOffset() != c.next || b.NextOffset() <= c.next:
		return OffsetGap
	case b.LeaderEpoch() < c.epoch:
		return BatchEpochFell
	}
	e := entryOf(b)
	switch {
	case c.at < len(*c.ledger):
		if (*c.ledger)[c.at] != e {
			return other
		}
	case c.extends:
		if c.producers != nil && !c.producers.take(b) {
			return SequenceBroken
		}
		*c.ledger = append(*c.ledger, e)
	}
	c.at++
	c.next, c.epoch = e.next, e.epoch
	return ""
}

// compare goes through what a replica holds below an offset and was not compared
// yet. What a leader calls committed and the ledger does not have, is added.
func (w *Watch) compare(v *view, upTo model.Offset, other Class) {
	if !v.leads {
		upTo = min(upTo, v.log.committed.end())
	}
	from := max(v.matched, v.start)
	if from >= upTo {
		return
	}
	c := v.log.committed.compare(from, v.leads)
	c.producers = w.judged(v.log, v.log.producers)
	class := Class("")
	err := v.records.EachBatch(from, upTo, func(b storage.Batch) error {
		if class = c.take(b, other); class != "" {
			return errStop
		}
		return nil
	})
	v.matched = c.next
	switch {
	case class != "":
		w.fault(class, "%s: the batch at %d", v, c.next)
	case err != nil:
		w.fault(Unreadable, "%s: %v", v, err)
	case c.next < upTo:
		w.fault(OffsetGap, "%s: no batch ends at %d", v, upTo)
	}
}
