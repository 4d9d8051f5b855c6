package storage

import (
	"math"
	"slices"
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// rememberedBatches is how many batches a retry is recognised among: as many as
// an idempotent client may have in flight.
const rememberedBatches = 5

// ProducerBatch is an appended batch of an idempotent producer.
type ProducerBatch struct {
	FirstSequence, LastSequence int32
	BaseOffset, LastOffset      model.Offset
}

// ProducerState is what a log knows of one producer id.
type ProducerState struct {
	ProducerID int64
	Epoch      int16
	// LastTimestamp is that of the last batch, in milliseconds since the Unix
	// epoch; it decides when the producer is forgotten.
	LastTimestamp int64
	// Batches are the last ones of this epoch, oldest first.
	Batches []ProducerBatch
}

func (p *ProducerState) lastSequence() int32 {
	if len(p.Batches) == 0 {
		return NoSequence
	}
	return p.Batches[len(p.Batches)-1].LastSequence
}

// ProducerVerdict says what to do with a batch that a client sent. The zero
// value: append it.
type ProducerVerdict struct {
	// Duplicate: already appended at these offsets, answer with them.
	Duplicate              bool
	BaseOffset, LastOffset model.Offset
	// Err refuses the batch unless it is model.None.
	Err model.ErrorCode
}

// producers is the state of all idempotent producers of a log (KIP-98). Every
// replica builds it from what it appends, so that the next leader has it.
type producers map[int64]*ProducerState

// check applies the sequence rules to a client's batch.
func (p producers) check(b Batch, mutants mutant.Set) ProducerVerdict {
	state := p[b.ProducerID()]
	if b.ProducerID() == NoProducerID || state == nil {
		// Unknown is not wrong: the state may have expired, or the log's start
		// have moved beyond all of the producer's records.
		return ProducerVerdict{}
	}
	first, last := b.BaseSequence(), b.LastSequence()
	switch epoch := b.ProducerEpoch(); {
	case epoch < state.Epoch && !mutants.Has(mutant.ProducerEpochUnchecked):
		return ProducerVerdict{Err: model.InvalidProducerEpoch}
	case epoch > state.Epoch:
		if first != 0 {
			return ProducerVerdict{Err: model.OutOfOrderSequence}
		}
		return ProducerVerdict{}
	}
	for _, known := range state.Batches {
		if known.FirstSequence == first && known.LastSequence == last {
			if mutants.Has(mutant.NoDedupe) {
				return ProducerVerdict{}
			}
			return ProducerVerdict{Duplicate: true, BaseOffset: known.BaseOffset, LastOffset: known.LastOffset}
		}
	}
	if first != NextSequence(state.lastSequence()) && !mutants.Has(mutant.SequenceGapAccepted) {
		return ProducerVerdict{Err: model.OutOfOrderSequence}
	}
	return ProducerVerdict{}
}

// NextSequence is the one that follows: they go round after the largest.
func NextSequence(s int32) int32 {
	if s == math.MaxInt32 {
		return 0
	}
	return s + 1
}

// took updates the state with an appended batch, unconditionally: what a leader
// accepted is not for a follower to judge (KAFKA-6003).
func (p producers) took(b Batch) {
	id := b.ProducerID()
	if id == NoProducerID {
		return
	}
	state := p[id]
	if state == nil {
		state = &ProducerState{ProducerID: id, Epoch: b.ProducerEpoch()}
		p[id] = state
	}
	if state.Epoch != b.ProducerEpoch() {
		state.Epoch = b.ProducerEpoch()
		state.Batches = state.Batches[:0]
	}
	// Markers carry no sequence, but they too are a sign of life (KAFKA-9144).
	state.LastTimestamp = b.MaxTimestamp()
	if b.IsControl() {
		return
	}
	if len(state.Batches) == rememberedBatches {
		copy(state.Batches, state.Batches[1:])
		state.Batches = state.Batches[:rememberedBatches-1]
	}
	state.Batches = append(state.Batches, ProducerBatch{
		FirstSequence: b.BaseSequence(),
		LastSequence:  b.LastSequence(),
		BaseOffset:    b.BaseOffset(),
		LastOffset:    b.LastOffset(),
	})
}

func (p producers) expire(wallMS int64, after time.Duration) {
	for id, state := range p {
		if wallMS-state.LastTimestamp >= after.Milliseconds() {
			delete(p, id)
		}
	}
}

// sorted is a deep copy in order of producer id.
func (p producers) sorted() []ProducerState {
	states := make([]ProducerState, 0, len(p))
	for _, state := range p {
		copied := *state
		copied.Batches = slices.Clone(state.Batches)
		states = append(states, copied)
	}
	slices.SortFunc(states, func(a, b ProducerState) int {
		if a.ProducerID < b.ProducerID {
			return -1
		}
		return 1
	})
	return states
}

// CheckProducer says whether a client's batch continues its producer's
// sequence, repeats an appended batch, or is to be refused.
func (l *Log) CheckProducer(b Batch) ProducerVerdict { return l.producers.check(b, l.cfg.Mutants) }

// ExpireProducers forgets the producers whose last batch is older than
// LogConfig.ProducerExpiry, with the wall clock in milliseconds since the Unix
// epoch.
func (l *Log) ExpireProducers(wallMS int64) { l.producers.expire(wallMS, l.cfg.ProducerExpiry) }
