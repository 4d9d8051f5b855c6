package checker

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ackproof/ackproof/harness/history"
)

// drain is what one replica held at the end, read through to its watermark.
type drain struct {
	node    int
	from    int64 // where the reading began
	end     int64 // its watermark, exclusive; none where the drain broke off
	began   int64
	parts   []int32          // into partition.reads
	records []history.Record // below end, by offset
	// complete says that nothing can be missing: the drain began strictly after
	// the last send had ended, reached a watermark, and read a marker back that
	// was acked after those sends. lacks says what it is short of otherwise.
	complete bool
	lacks    string
}

// assembleDrains joins each replica's drain events. One that starts again from
// an offset already read begins the drain anew: what a finished pass read
// before stays a read, but is not what the replica holds in the end.
func (p *partition) assembleDrains(r *run) {
	byNode := map[int]*drain{}
	next := map[int]int64{}
	for i := range p.reads {
		d := &p.reads[i]
		if d.f != history.Drain {
			continue
		}
		w := byNode[d.node]
		if w == nil || (len(d.records) > 0 && d.records[0].Offset < next[d.node]) {
			if w != nil {
				p.limit(w)
			}
			w = &drain{node: d.node, from: max(d.offset, 0), end: none, began: d.invoked}
			byNode[d.node] = w
		}
		w.parts = append(w.parts, int32(i))
		if d.outcome == history.OK && d.end != none {
			w.end = d.end
		}
		if n := len(d.records); n > 0 {
			next[d.node] = d.records[n-1].Offset + 1
		}
	}
	for _, w := range byNode {
		p.drains = append(p.drains, w)
	}
	slices.SortFunc(p.drains, func(a, b *drain) int { return cmp.Compare(a.node, b.node) })
	for _, w := range p.drains {
		p.limit(w)
		p.finish(r, w)
	}
}

// limit tells the parts of a pass its watermark: above it, or where none was
// told, a replica may hold what was never committed, so that is no read.
func (p *partition) limit(w *drain) {
	for _, at := range w.parts {
		p.reads[at].limit = w.end
	}
}

func (p *partition) finish(r *run, w *drain) {
	for _, at := range w.parts {
		w.records = append(w.records, p.reads[at].committed()...)
	}
	slices.SortStableFunc(w.records, func(a, b history.Record) int { return cmp.Compare(a.Offset, b.Offset) })
	last := p.lastSend(r)
	switch {
	case w.end == none:
		w.lacks = "it reached no end"
	case w.from > 0:
		w.lacks = fmt.Sprintf("it began at offset %d", w.from)
	case last == never:
		w.lacks = "a send has no completion"
	case w.began <= last:
		w.lacks = fmt.Sprintf("it began at %s, before the last send ended at %s", seconds(w.began), seconds(last))
	case !p.readsMarker(r, w, last):
		w.lacks = "it read no marker back that was acked after the last send"
	default:
		w.complete = true
	}
}

// lastSend is the time at which the last send, markers aside, ended.
func (p *partition) lastSend(r *run) int64 {
	last := int64(none)
	for _, at := range p.sends {
		if s := &r.sends[at]; !s.marker {
			last = max(last, s.ended)
		}
	}
	return last
}

func (p *partition) readsMarker(r *run, w *drain, after int64) bool {
	return slices.ContainsFunc(w.records, func(rec history.Record) bool {
		s := r.find(p, rec.Value)
		return s != nil && s.marker && s.acked() && s.invoked > after
	})
}

// owes says whether a committed record at offset must be in the drain: it read
// past the offset, or it is complete and so holds everything.
func (w *drain) owes(offset int64) bool {
	return offset >= w.from && (w.complete || offset < w.end)
}

// holds says whether the replica held the value at the offset.
func (w *drain) holds(offset, value int64) bool {
	at, found := slices.BinarySearchFunc(w.records, offset, func(rec history.Record, o int64) int { return cmp.Compare(rec.Offset, o) })
	return found && w.records[at].Value == value
}

// drainOp is the drain in print: the part that should have shown offset.
func (p *partition) drainOp(w *drain, offset int64, saw *history.Record) Op {
	at := w.parts[0]
	for _, i := range w.parts {
		if recs := p.reads[i].records; len(recs) > 0 && recs[0].Offset <= offset {
			at = i
		}
	}
	return p.reads[at].op(p, saw)
}
