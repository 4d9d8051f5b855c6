package storage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// naive is what a log means: a list of batches and two marks.
type naive struct {
	batches []Batch
	start   model.Offset
	origin  model.Offset // where the log was last emptied to start at
	flushed model.Offset
}

func (n *naive) end() model.Offset {
	if len(n.batches) == 0 {
		return n.origin
	}
	return n.batches[len(n.batches)-1].NextOffset()
}

func (n *naive) truncate(to model.Offset) {
	for len(n.batches) > 0 && n.batches[len(n.batches)-1].NextOffset() > to {
		n.batches = n.batches[:len(n.batches)-1]
	}
	n.start = min(n.start, n.end())
	n.flushed = min(n.flushed, n.end())
}

// epochs derives the cache from the batches: it must never say more or less,
// except for one entry at the end that a leader assigned, or that is left of
// deleted records.
func (n *naive) epochs() []EpochEntry {
	var entries []EpochEntry
	for _, b := range n.batches {
		if b.NextOffset() <= n.start {
			continue
		}
		if len(entries) == 0 || entries[len(entries)-1].Epoch < b.LeaderEpoch() {
			entries = append(entries, EpochEntry{b.LeaderEpoch(), max(b.BaseOffset(), n.start)})
		}
	}
	return entries
}

// producers replays the batches.
func (n *naive) producers() []ProducerState {
	p := producers{}
	for _, b := range n.batches {
		p.took(b)
	}
	return p.sorted()
}

// since leaves out what states remember of batches below an offset: whether a
// snapshot kept those of deleted segments is the log's own affair.
func since(states []ProducerState, base model.Offset) []ProducerState {
	var left []ProducerState
	for _, state := range states {
		state.Batches = slices.DeleteFunc(state.Batches, func(b ProducerBatch) bool { return b.BaseOffset < base })
		if len(state.Batches) > 0 {
			left = append(left, state)
		}
	}
	return left
}

// TestRandomHistories drives a log and the naive model through appends,
// truncations, flushes, checkpoints, restarts and power losses.
func TestRandomHistories(t *testing.T) {
	for seed := range uint64(120) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			h := newRandomHistory(t, seed)
			for h.step = range 150 {
				h.act()
				h.compare()
			}
		})
	}
}

type randomHistory struct {
	t      *testing.T
	rng    *rand.Rand
	fs     *MemFS
	log    *Log
	naive  naive
	epoch  model.Epoch
	seqs   map[int64]int32
	issued []FlushTicket
	step   int
	did    string
}

func newRandomHistory(t *testing.T, seed uint64) *randomHistory {
	h := &randomHistory{t: t, rng: rand.New(rand.NewPCG(seed, 1)), fs: NewMemFS(), seqs: map[int64]int32{}}
	h.open(false)
	return h
}

func (h *randomHistory) open(clean bool) {
	l, _, err := OpenLog(h.fs, testDir, smallSegments(400), clean)
	require.NoError(h.t, err, h.did)
	h.log, h.issued = l, nil
}

func (h *randomHistory) act() {
	switch n := h.rng.IntN(100); {
	case n < 55:
		h.append()
	case n < 65:
		h.truncate()
	case n < 75:
		h.flush()
	case n < 80:
		h.did = "checkpoint"
		require.NoError(h.t, h.log.Checkpoint())
	case n < 84:
		h.raiseStart()
	case n < 86:
		h.did = fmt.Sprintf("restart at %d", h.naive.end()+5)
		h.naive = naive{start: h.naive.end() + 5, origin: h.naive.end() + 5, flushed: h.naive.end() + 5}
		require.NoError(h.t, h.log.TruncateFullyAndStartAt(h.naive.origin))
	case n < 90:
		h.did = "kill"
		require.NoError(h.t, h.log.Close(false))
		h.open(false)
	case n < 94:
		h.did = "clean stop"
		require.NoError(h.t, h.log.Close(true))
		h.naive.flushed = h.naive.end()
		if h.rng.IntN(2) == 0 {
			h.fs.Crash()
		}
		h.open(true)
	default:
		h.powerLoss()
	}
}

func (h *randomHistory) append() {
	h.epoch += model.Epoch(h.rng.IntN(5) / 4)
	pid := int64(h.rng.IntN(4))
	records := make([][]byte, 1+h.rng.IntN(3))
	for i := range records {
		records[i] = fmt.Appendf(nil, "%d.%d", h.step, i)
	}
	b := BuildBatch(records, BatchOptions{ProducerID: pid, BaseSequence: h.seqs[pid], Timestamp: int64(h.rng.IntN(1000))})
	h.seqs[pid] += int32(len(records))
	b.Stamp(h.naive.end(), h.epoch)
	h.did = fmt.Sprintf("append at %d", b.BaseOffset())
	h.naive.batches = append(h.naive.batches, b)
	require.NoError(h.t, h.log.Append(slices.Clone(b)))
}

func (h *randomHistory) truncate() {
	to := max(h.naive.origin, h.naive.end()-model.Offset(h.rng.IntN(12)))
	h.did = fmt.Sprintf("truncate to %d", to)
	first := h.log.segments[0].base
	require.NoError(h.t, h.log.Truncate(to))
	h.epoch++ // the records that follow come from another leader
	if to < first {
		h.naive = naive{start: to, origin: to, flushed: to}
		return
	}
	h.naive.truncate(to)
}

// flush issues a ticket, or completes one that may be from before a truncation.
func (h *randomHistory) flush() {
	if len(h.issued) == 0 || h.rng.IntN(2) == 0 {
		h.did = "flush issued"
		ticket := h.log.Flush()
		require.NoError(h.t, ticket.Sync(h.fs))
		h.issued = append(h.issued, ticket)
		return
	}
	h.did = "flush completed"
	before := h.log.FlushedOffset()
	h.log.Flushed(h.issued[0])
	h.issued = h.issued[1:]
	require.GreaterOrEqual(h.t, h.log.FlushedOffset(), before)
	h.naive.flushed = h.log.flushed
}

func (h *randomHistory) raiseStart() {
	if h.naive.end() == h.naive.start {
		return
	}
	to := h.naive.start + model.Offset(h.rng.Int64N(int64(h.naive.end()-h.naive.start)))
	h.did = fmt.Sprintf("raise start to %d", to)
	require.NoError(h.t, h.log.RaiseStartOffset(to))
	h.naive.start = to
}

// powerLoss keeps of every log file what was synced and a random part of what
// was written after it. The log that comes back may end earlier, but not below
// what was flushed, and must be a prefix of what was, or of what a truncation
// had cut off and that came back.
func (h *randomHistory) powerLoss() {
	h.did = "power loss"
	before, flushed := h.naive, h.log.flushed
	h.fs.CrashTorn(func(_ string, synced, written []byte) []byte {
		if len(written) <= len(synced) || !slices.Equal(written[:len(synced)], synced) {
			return synced
		}
		return written[:len(synced)+h.rng.IntN(len(written)-len(synced)+1)]
	})
	h.open(false)
	require.GreaterOrEqual(h.t, h.log.EndOffset(), min(flushed, before.end()), "step %d: flushed records are gone", h.step)
	h.adopt(before, flushed)
}

// adopt takes the log's content as the new truth after checking the part of it
// that was flushed.
func (h *randomHistory) adopt(before naive, flushed model.Offset) {
	next := naive{start: h.log.StartOffset(), origin: h.log.segments[0].base, flushed: h.log.flushed}
	for data := readAll(h.t, h.log); len(data) > 0; {
		b, rest, err := FirstBatch(data)
		require.NoError(h.t, err)
		require.NoError(h.t, b.Validate())
		next.batches = append(next.batches, b)
		data = rest
	}
	for _, b := range before.batches {
		if b.NextOffset() > flushed || b.BaseOffset() < next.origin {
			continue
		}
		require.True(h.t, slices.ContainsFunc(next.batches, func(c Batch) bool { return slices.Equal(b, c) }),
			"flushed batch at %d is gone", b.BaseOffset())
	}
	h.naive = next
	if n := len(next.batches); n > 0 {
		h.epoch = max(h.epoch, next.batches[n-1].LeaderEpoch())
	}
	h.epoch++
	h.seqs = map[int64]int32{}
}

// readAll reads the files from the first segment on, below the start too.
func readAll(t *testing.T, l *Log) []byte {
	var all []byte
	for _, s := range l.segments {
		data := make([]byte, s.size)
		require.NoError(t, readFull(s.file, data, 0))
		all = append(all, data...)
	}
	return all
}

func (h *randomHistory) compare() {
	t, l := h.t, h.log
	at := fmt.Sprintf("step %d: %s", h.step, h.did)
	require.NoError(t, l.Err(), at)
	require.Equal(t, h.naive.end(), l.EndOffset(), at)
	require.Equal(t, h.naive.start, l.StartOffset(), at)
	require.LessOrEqual(t, l.flushed, l.EndOffset(), at)
	var want []byte
	for _, b := range h.naive.batches {
		if b.NextOffset() > h.naive.start {
			want = append(want, b...)
		}
	}
	require.Equal(t, want, content(t, l), at)

	entries := l.EpochEntries()
	if n := len(entries); n > 0 && entries[n-1].Start == l.EndOffset() {
		entries = entries[:n-1]
	}
	if len(entries) == 0 {
		entries = nil
	}
	require.Equal(t, h.naive.epochs(), entries, at)

	base := l.segments[0].base
	require.Equal(t, since(h.naive.producers(), base), since(l.producers.sorted(), base), at)

	from := h.naive.start
	if from < h.naive.end() {
		from += model.Offset(h.rng.Int64N(int64(h.naive.end() - from)))
		data, err := l.Read(from, 1, l.EndOffset(), true)
		require.NoError(t, err, at)
		b := Batch(data)
		require.True(t, b.BaseOffset() <= from && from < b.NextOffset(), "%s: read at %d", at, from)
	}
}
