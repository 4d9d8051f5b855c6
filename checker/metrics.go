package checker

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/ackproof/ackproof/harness/history"
)

// Metrics are what a run did, in numbers. Times are nanoseconds unless the
// name says seconds. Markers are not counted as sends.
type Metrics struct {
	Sends   int `json:"sends"`
	Acked   int `json:"acked"`   // ok; with acks=0: sent
	Failed  int `json:"failed"`  // certain not to have happened
	Unknown int `json:"unknown"` // info, or never completed

	Polled  int `json:"polled"`  // distinct values that polls returned
	Drained int `json:"drained"` // distinct values in the drains

	Lost       int `json:"lost"`       // acked values missing from a drained replica
	Duplicates int `json:"duplicates"` // copies beyond the first of a value
	Recovered  int `json:"recovered"`  // unknown outcomes that turned out committed

	AckLatencyP50 int64 `json:"ack_latency_p50_ns"`
	AckLatencyP99 int64 `json:"ack_latency_p99_ns"`

	// UnavailableSeconds is the time in which at least one partition had sends
	// waiting and acked none for longer than Options.UnavailableAfter.
	UnavailableSeconds float64 `json:"unavailable_seconds"`
	// StalenessMax is the longest time for which an acked record had been
	// there when a read or an end-offset query did not show it.
	StalenessMax int64 `json:"staleness_max_ns"`
	// TimeToFirstAckAfterFault and AfterHeal are the longest waits for an ack
	// after a fault began and after one was healed; -1 when none came or there
	// was no fault.
	TimeToFirstAckAfterFault int64 `json:"time_to_first_ack_after_fault_ns"`
	TimeToFirstAckAfterHeal  int64 `json:"time_to_first_ack_after_heal_ns"`
}

func (r *run) metrics() Metrics {
	m := Metrics{TimeToFirstAckAfterFault: none, TimeToFirstAckAfterHeal: none}
	var latencies []int64
	for i := range r.sends {
		s := &r.sends[i]
		if s.marker {
			continue
		}
		m.Sends++
		switch s.outcome {
		case history.OK:
			m.Acked++
			latencies = append(latencies, s.ended-s.invoked)
		case history.Fail:
			m.Failed++
		default:
			m.Unknown++
		}
		if s.polled {
			m.Polled++
		}
	}
	slices.Sort(latencies)
	m.AckLatencyP50, m.AckLatencyP99 = quantile(latencies, 50), quantile(latencies, 99)
	for _, p := range r.partitions {
		p.addTo(r, &m)
	}
	m.UnavailableSeconds = time.Duration(r.unavailable()).Seconds()
	r.recovery(&m)
	return m
}

// quantile of ascending values, by nearest rank; 0 of none.
func quantile(values []int64, percent int) int64 {
	if len(values) == 0 {
		return 0
	}
	return values[max((len(values)*percent+99)/100, 1)-1]
}

func (p *partition) addTo(r *run, m *Metrics) {
	drained := make([]bool, len(r.sends))
	for _, w := range p.drains {
		for _, rec := range w.records {
			if at, ok := r.sent(p, rec.Value); ok && !r.sends[at].marker && !drained[at] {
				drained[at] = true
				m.Drained++
			}
		}
	}
	for _, at := range p.sends {
		s := &r.sends[at]
		unknown := s.outcome != history.OK && s.outcome != history.Fail
		if unknown && !s.marker && (s.polled || drained[at]) {
			m.Recovered++
		}
		if n := len(p.places[s.value]); n > 1 {
			m.Duplicates += n - 1
		}
	}
	m.StalenessMax = max(m.StalenessMax, p.staleness(r))
}

// staleness is the longest time for which a record had been acked at or above
// the end that an empty poll or an end-offset query showed.
func (p *partition) staleness(r *run) int64 {
	// earliest[k] is the earliest ack of the records from rank k on.
	earliest := make([]int64, len(p.cells)+1)
	earliest[len(p.cells)] = never
	for k := len(p.cells) - 1; k >= 0; k-- {
		earliest[k] = earliest[k+1]
		if s := r.sender(&p.cells[k]); s != nil && s.acked() && s.offset == p.cells[k].offset {
			earliest[k] = min(earliest[k], s.ended)
		}
	}
	worst := int64(0)
	for i := range p.reads {
		d := &p.reads[i]
		shows := d.f == history.EndOffset || (d.f == history.Poll && len(d.records) == 0)
		if !shows || d.outcome != history.OK || d.offset == none {
			continue
		}
		if acked := earliest[p.from(d.offset)]; acked < d.invoked {
			worst = max(worst, d.invoked-acked)
		}
	}
	return worst
}

// unavailable sums, over the union of all partitions, the gaps between acks in
// which sends were waiting for longer than the bound.
func (r *run) unavailable() int64 {
	var gaps [][2]int64
	for _, p := range r.partitions {
		gaps = append(gaps, p.gaps(r, int64(r.options.UnavailableAfter))...)
	}
	slices.SortFunc(gaps, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	total, until := int64(0), int64(math.MinInt64)
	for _, g := range gaps {
		if g[1] > until {
			total += g[1] - max(g[0], until)
			until = g[1]
		}
	}
	return total
}

// gaps are the windows longer than bound in which a partition acked nothing
// while a send waited: from the last ack, or from the first send waiting since,
// until the next ack, or until the last send was given up.
func (p *partition) gaps(r *run, bound int64) [][2]int64 {
	type event struct {
		time int64
		kind int8 // 0 invoked, 1 given up, 2 acked
	}
	var events []event
	for _, at := range p.sends {
		s := &r.sends[at]
		if s.marker {
			continue // sent when the run is over
		}
		events = append(events, event{s.invoked, 0})
		switch {
		case s.acked():
			events = append(events, event{s.ended, 2})
		case s.ended != never:
			events = append(events, event{s.ended, 1})
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.time, b.time) })
	var gaps [][2]int64
	waiting, since := 0, int64(none) // since: the gap's begin; none where nothing waits
	last := int64(0)
	cut := func(now int64) {
		if since != none && now-since > bound {
			gaps = append(gaps, [2]int64{since, now})
		}
		since = none
	}
	for _, e := range events {
		switch e.kind {
		case 0:
			waiting++
			if since == none {
				since = e.time
			}
		case 1:
			waiting--
		case 2:
			waiting--
			cut(e.time)
			if waiting > 0 {
				since = e.time
			}
		}
		last = e.time
	}
	cut(last)
	return gaps
}

// recovery finds the longest waits for an ack after a fault and after a heal.
func (r *run) recovery(m *Metrics) {
	var acks []int64
	for i := range r.sends {
		if s := &r.sends[i]; s.acked() {
			acks = append(acks, s.ended)
		}
	}
	slices.Sort(acks)
	wait := func(worst *int64, from int64) {
		if i, _ := slices.BinarySearch(acks, from); i < len(acks) {
			*worst = max(*worst, acks[i]-from)
		}
	}
	for _, f := range r.faults {
		wait(&m.TimeToFirstAckAfterFault, f.began)
		if f.healed != never {
			wait(&m.TimeToFirstAckAfterHeal, f.healed)
		}
	}
}
