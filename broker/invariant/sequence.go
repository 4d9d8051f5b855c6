package invariant

import "github.com/ackproof/ackproof/broker/storage"

// sequences are where the idempotent producers of a log stand, by producer id, as
// of the committed batches (KIP-98).
type sequences map[int64]sequence

type sequence struct {
	epoch int16
	last  int32
}

// judged is nothing where a producer may have been forgotten: a broker that does
// not know one takes whatever it sends (KIP-360). That is so where records were
// deleted, and where a clock was set, by which a producer may be long gone.
func (w *Watch) judged(l *log, s sequences) sequences {
	if l.deleted {
		return nil
	}
	for _, n := range w.nodes {
		if n.clockSet {
			return nil
		}
	}
	return s
}

// take takes the next committed batch and tells whether it is in place: its
// producer's epoch never falls, one epoch's batches follow each other without a
// gap, and a new epoch begins at 0. The first batch of a producer may have any
// sequence: what came before may have been deleted.
func (s sequences) take(b storage.Batch) bool {
	id := b.ProducerID()
	if id == storage.NoProducerID || b.IsControl() {
		return true
	}
	before, known := s[id]
	s[id] = sequence{b.ProducerEpoch(), b.LastSequence()}
	switch epoch := b.ProducerEpoch(); {
	case !known:
		return true
	case epoch == before.epoch:
		return b.BaseSequence() == storage.NextSequence(before.last)
	default:
		return epoch > before.epoch && b.BaseSequence() == 0
	}
}
