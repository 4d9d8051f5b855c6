package checker

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ackproof/ackproof/harness/history"
)

// partition is everything that was said about one topic partition, and the log
// that follows from it.
type partition struct {
	topic string
	id    int32
	sends []int32 // into run.sends, by invocation
	reads []read  // by invocation
	// deletions are how often somebody tried to delete its topic and may have done so:
	// nothing of it has to be there at the end then.
	deletions int
	// deleting is when somebody last tried to delete its topic.
	deleting int64
	// drains are the last pass over each replica, complete or not, by node.
	drains []*drain

	// cells is the log: one per offset that anybody named, ascending. The index
	// of a cell is its rank: offsets may have gaps (control records), so only
	// ranks say what follows what.
	cells []cell
	ranks index // offset -> cells
	// conflicts are the claims that did not agree with a cell.
	conflicts []conflict
	// places are the offsets of those values that have several.
	places map[int64][]int64
}

// cell is an offset with the value that was first claimed for it.
type cell struct {
	offset, value int64
	by            claim
	sent          int32 // the value's send, into run.sends; none for a phantom
	polled        bool  // a poll returned the value at this offset
	poll          int32
}

// claim names the op that said that a value is at an offset.
type claim struct {
	send bool
	at   int32 // into run.sends or partition.reads
}

// conflict is a second value at an offset.
type conflict struct {
	offset, value int64
	by            claim
	polled        bool
}

func (p *partition) deleted() bool { return p.deletions > 0 }

func (p *partition) String() string { return fmt.Sprintf("%s-%d", p.topic, p.id) }

// committed are the records that a read showed as committed: all of a poll's,
// whatever became of the poll, and those that a drain read below the watermark
// of its replica.
func (d *read) committed() []history.Record {
	above := func(rec history.Record) bool { return rec.Offset >= d.limit }
	if d.f != history.Drain || !slices.ContainsFunc(d.records, above) {
		return d.records
	}
	return slices.DeleteFunc(slices.Clone(d.records), above)
}

// layOut builds the log from every ack with an offset and every record read.
func (p *partition) layOut(r *run) {
	for _, at := range p.sends {
		if s := &r.sends[at]; s.acked() && s.offset != none {
			p.claim(s.offset, s.value, claim{send: true, at: at}, false)
		}
	}
	for i := range p.reads {
		d := &p.reads[i]
		poll := d.f == history.Poll
		for _, rec := range d.committed() {
			p.claim(rec.Offset, rec.Value, claim{at: int32(i)}, poll)
			if s := r.find(p, rec.Value); s != nil {
				s.read = true
				s.polled = s.polled || poll
			}
		}
	}
	slices.SortFunc(p.cells, func(a, b cell) int { return cmp.Compare(a.offset, b.offset) })
	for i := range p.cells {
		c := &p.cells[i]
		p.ranks.set(c.offset, int32(i))
		c.sent = none
		if at, ok := r.sent(p, c.value); ok {
			c.sent = at
		}
	}
	p.findPlaces()
}

func (p *partition) claim(offset, value int64, by claim, poll bool) {
	at, ok := p.ranks.get(offset)
	if !ok {
		at = int32(len(p.cells))
		p.ranks.set(offset, at)
		p.cells = append(p.cells, cell{offset: offset, value: value, by: by})
	}
	c := &p.cells[at]
	if c.value != value {
		p.conflicts = append(p.conflicts, conflict{offset: offset, value: value, by: by, polled: poll})
		return
	}
	if poll && !c.polled {
		c.polled, c.poll = true, by.at
	}
}

func (p *partition) findPlaces() {
	var first index // value -> the rank where it was met first
	p.places = map[int64][]int64{}
	add := func(value, offset int64, rank int32) {
		at, ok := first.get(value)
		if !ok {
			first.set(value, rank)
			return
		}
		known := p.places[value]
		if p.cells[at].offset == offset || slices.Contains(known, offset) {
			return
		}
		if known == nil {
			known = []int64{p.cells[at].offset}
		}
		p.places[value] = append(known, offset)
	}
	for i := range p.cells {
		add(p.cells[i].value, p.cells[i].offset, int32(i))
	}
	for _, c := range p.conflicts {
		add(c.value, c.offset, p.rank(c.offset))
	}
}

// rank is that of an offset that has a cell.
func (p *partition) rank(offset int64) int32 {
	rank, _ := p.ranks.get(offset)
	return rank
}

// holds returns the rank at which the log has a record.
func (p *partition) holds(offset, value int64) (rank int, ok bool) {
	at, ok := p.ranks.get(offset)
	return int(at), ok && p.cells[at].value == value
}

// sender is the send of a cell's value, or nil for a phantom.
func (r *run) sender(c *cell) *send {
	if c.sent == none {
		return nil
	}
	return &r.sends[c.sent]
}

// from returns the rank of the first cell at or above offset.
func (p *partition) from(offset int64) int {
	if rank, ok := p.ranks.get(offset); ok {
		return int(rank)
	}
	at, _ := slices.BinarySearchFunc(p.cells, offset, func(c cell, o int64) int { return cmp.Compare(c.offset, o) })
	return at
}

// show prints the op that claimed value at offset.
func (r *run) show(p *partition, by claim, offset, value int64) Op {
	if by.send {
		return r.sends[by.at].op()
	}
	return p.reads[by.at].op(p, &history.Record{Offset: offset, Value: value})
}
