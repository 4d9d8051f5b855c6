package checker

import (
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

const million = 1_000_000

// longHistory is a legal run of n sends: ten writers that overlap, two readers
// that follow in polls of a hundred records, and one drained replica.
func longHistory(n int) *history.History {
	const writers, batch = 10, 100
	h := &history.History{Header: history.Header{
		Format: history.Format, Version: history.Version,
		Config: history.Config{Acks: "all", MinISR: 2, ReplicationFactor: 1, Idempotent: true},
	}}
	h.Events = make([]history.Event, 0, 2*n+n/batch*4+4)
	add := func(e history.Event, time int64) {
		e.Topic, e.Index, e.Time = "t", int64(len(h.Events)), time
		h.Events = append(h.Events, e)
	}
	read := func(e history.Event, from, to int, time int64) {
		offset := int64(from)
		e.Type, e.Offset = history.Invoke, &offset
		add(e, time)
		e.Type = history.OK
		e.Records = make([]history.Record, 0, to-from)
		for o := from; o < to; o++ {
			e.Records = append(e.Records, history.Record{Offset: int64(o), Value: int64(o) + 1})
		}
		if e.F == history.Drain {
			end := int64(to)
			e.End = &end
		}
		add(e, time)
	}
	// Writer k sends k, k+10, ...: each send is open until nine others began.
	ack := func(i int, time int64) {
		offset := int64(i)
		add(history.Event{Process: i % writers, Type: history.OK, F: history.Send, Value: offset + 1, Offset: &offset}, time)
	}
	for i := range n {
		time := int64(i) * 100
		if i >= writers {
			ack(i-writers, time)
		}
		add(history.Event{Process: i % writers, Type: history.Invoke, F: history.Send, Value: int64(i) + 1}, time+50)
		if done := i - writers + 1; done > 0 && done%batch == 0 {
			for reader := range 2 {
				read(history.Event{Process: writers + reader, F: history.Poll}, done-batch, done, time+60)
			}
		}
	}
	end := int64(n) * 100
	for i := max(n-writers, 0); i < n; i++ {
		ack(i, end)
	}
	marker := history.Event{Process: 50, Type: history.Invoke, F: history.Marker, Value: int64(n) + 1}
	add(marker, end+100)
	at := int64(n)
	marker.Type, marker.Offset = history.OK, &at
	add(marker, end+200)
	node := 1
	read(history.Event{Process: 51, F: history.Drain, Node: &node}, 0, n+1, end+300)
	return h
}

func TestLongHistoryIsLegal(t *testing.T) {
	res := Check(longHistory(5000), Options{})
	require.Equal(t, OK, res.Status, res.Reason)
	second, ok := res.Verdict(CheckSecondOpinion)
	require.True(t, ok)
	require.GreaterOrEqual(t, second.Evidence["segments"], 5, "the run was not cut into segments")
}

func BenchmarkWitness1M(b *testing.B) {
	r := newRun(longHistory(million), Options{}.normalised())
	p := r.partitions[0]
	for b.Loop() {
		_, late := p.witness(r).realTime()
		require.Zero(b, late)
	}
}

func BenchmarkPorcupineSegments(b *testing.B) {
	r := newRun(longHistory(million), Options{}.normalised())
	p := r.partitions[0]
	b.ReportAllocs()
	for b.Loop() {
		parts := segments(binding(p.searchedOps(r)), r.options.PorcupineSegmentOps)
		for _, s := range parts {
			require.Equal(b, porcupine.Ok, s.search(r.options.PorcupineTimeout))
		}
		b.ReportMetric(float64(len(parts)), "segments")
	}
}

func BenchmarkCheck1M(b *testing.B) {
	h := longHistory(million)
	for b.Loop() {
		res := Check(h, Options{})
		require.Equal(b, OK, res.Status, res.Reason)
	}
}
