package invariant

import (
	"errors"
	"slices"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
	"github.com/ackproof/ackproof/broker/storage"
)

// errStop ends a walk through a log.
var errStop = errors.New("stop")

// holding is all of what a replica holds.
type holding struct {
	*view
	batches   ledger
	producers []storage.ProducerState
}

// Quiet compares everything with everything, when a cluster has come to rest:
// each log with its epoch cache, replicas with each other below the smaller of
// their watermarks, and what equal logs say of producers. That holds whatever was
// lost.
func (w *Watch) Quiet(brokers []Broker) {
	if w.over() {
		return
	}
	held := map[*log][]holding{}
	var order []*log
	for _, b := range brokers {
		n := w.node(b.ID())
		b.EachReplica(func(topic model.TopicID, p *partition.Partition) {
			l := w.log(logName{topic, p.Name().Partition})
			if held[l] == nil {
				order = append(order, l)
			}
			v := &view{node: n, log: l, name: p.Name(), look: lookAt(p)}
			held[l] = append(held[l], holding{v, w.readAll(v), since(v.start, p.Log().ProducerStates())})
		})
	}
	for _, l := range order {
		w.compareAll(held[l])
	}
}

// readAll reads a log from its start and derives its epochs.
func (w *Watch) readAll(v *view) ledger {
	all := ledger{}
	c := all.compare(v.start, true)
	c.producers = w.judged(v.log, sequences{})
	var epochs []storage.EpochEntry
	class := Class("")
	err := v.records.EachBatch(v.start, v.end, func(b storage.Batch) error {
		if b.LeaderEpoch() > c.epoch {
			epochs = append(epochs, storage.EpochEntry{Epoch: b.LeaderEpoch(), Start: b.BaseOffset()})
		}
		if class = c.take(b, ""); class != "" {
			return errStop
		}
		return nil
	})
	cached := v.records.EpochEntries()
	if n := len(cached); n > 0 && cached[n-1].Start == v.end {
		cached = cached[:n-1] // of a leader that has not written
	}
	switch {
	case class != "":
		w.fault(class, "%s: the batch at %d", v, c.next)
	case err != nil:
		w.fault(Unreadable, "%s: %v", v, err)
	case c.next != v.end:
		w.fault(OffsetGap, "%s: the last batch ends at %d", v, c.next)
	case !slices.Equal(cached, epochs):
		w.fault(EpochsUnlikeLog, "%s: the cache has %v, the log %v", v, cached, epochs)
	}
	return all
}

// compareAll compares each replica of a log with each other.
func (w *Watch) compareAll(replicas []holding) {
	for i, a := range replicas {
		for _, b := range replicas[:i] {
			w.comparePair(a, b)
		}
	}
}

func (w *Watch) comparePair(a, b holding) {
	from, to := max(a.start, b.start), min(a.hw, b.hw)
	if !slices.Equal(a.batches.between(from, to), b.batches.between(from, to)) {
		w.fault(LogMismatch, "%s: unlike %s", a.view, b.view)
		return
	}
	sameLog := a.start == b.start && a.end == b.end
	if sameLog && !a.node.clockSet && !b.node.clockSet && !slices.EqualFunc(a.producers, b.producers, equalProducers) {
		w.fault(ProducerMismatch, "%s: %v, unlike %s: %v", a.view, a.producers, b.view, b.producers)
	}
}

// between gives the batches from an offset up to another.
func (l ledger) between(from, to model.Offset) ledger {
	first, last := l.from(from), l.from(to)
	if last > first && l[last-1].next > to {
		last--
	}
	return l[first:max(first, last)]
}

// since is what the records from an offset on say of producers. A replica that began
// there, after the leader had deleted what was before, knows no more.
func since(start model.Offset, all []storage.ProducerState) (states []storage.ProducerState) {
	for _, s := range all {
		s.Batches = slices.DeleteFunc(slices.Clone(s.Batches), func(b storage.ProducerBatch) bool { return b.BaseOffset < start })
		if len(s.Batches) > 0 {
			states = append(states, s)
		}
	}
	return states
}

func equalProducers(a, b storage.ProducerState) bool {
	return a.ProducerID == b.ProducerID && a.Epoch == b.Epoch && a.LastTimestamp == b.LastTimestamp &&
		slices.Equal(a.Batches, b.Batches)
}
