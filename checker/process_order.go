package checker

import (
	"fmt"
	"strings"

	"github.com/ackproof/ackproof/harness/history"
)

// processOrder: what one process is shown and does goes forward and skips
// nothing, in dense ranks, since control records leave gaps in offsets. A seek
// resets the position, and so does an error that says that the position is gone:
// after an unclean election that is how a consumer learns of it, and it is no
// anomaly by itself.
func processOrder(r *run) []Verdict {
	o := processOrders{
		intSkip: finding{check: CheckIntPollSkip}, intBack: finding{check: CheckIntNonmonotonic},
		skip: finding{check: CheckPollSkip}, back: finding{check: CheckNonmonotonicPoll},
		send: finding{check: CheckNonmonotonicSend},
	}
	for _, p := range r.partitions {
		o.polls(p)
		o.sends(r, p)
	}
	word := r.promise.Durability
	return []Verdict{o.intSkip.verdict(word), o.intBack.verdict(word), o.skip.verdict(word), o.back.verdict(word), o.send.verdict(word)}
}

type processOrders struct {
	intSkip, intBack, skip, back, send finding
}

// position is where a process stands in a partition: the rank that must come
// next, and the read that put it there.
type position struct {
	next int
	by   *read
}

func (o *processOrders) polls(p *partition) {
	at := map[int]position{}
	for i := range p.reads {
		d := &p.reads[i]
		switch {
		case d.f == history.Assign && d.outcome == history.OK && d.offset != none:
			at[d.process] = position{next: p.from(d.offset), by: d}
		case d.f == history.Assign, d.f == history.Poll && positionGone(d.err):
			delete(at, d.process)
		}
		if d.f == history.Drain {
			o.backWithin(p, d)
		}
		if d.f != history.Poll || len(d.records) == 0 {
			continue
		}
		o.within(p, d)
		if d.outcome != history.OK {
			// Nobody knows whether the process went on from what it saw here.
			delete(at, d.process)
			continue
		}
		first, last := d.records[0], d.records[len(d.records)-1]
		if before, ok := at[d.process]; ok {
			o.across(p, before, d, first)
		}
		at[d.process] = position{next: int(p.rank(last.Offset)) + 1, by: d}
	}
}

// within compares the neighbours inside one read.
func (o *processOrders) within(p *partition, d *read) {
	for i := 1; i < len(d.records); i++ {
		a, b := d.records[i-1], d.records[i]
		step := p.rank(b.Offset) - p.rank(a.Offset)
		tell := func() (string, []Op) {
			return fmt.Sprintf("one poll of %s goes from offset %d to %d%s", p, a.Offset, b.Offset, p.between(step, a.Offset)),
				[]Op{d.op(p, &b)}
		}
		switch {
		case step > 1:
			o.intSkip.add(tell)
		case step < 1:
			o.intBack.add(tell)
		}
	}
}

// backWithin finds records that a part of a drain shows in another order than that of
// the log. What a drain lacks is no skip but a loss, which others find.
func (o *processOrders) backWithin(p *partition, d *read) {
	for i := 1; i < len(d.records); i++ {
		if a, b := d.records[i-1], d.records[i]; b.Offset <= a.Offset {
			o.intBack.add(func() (string, []Op) {
				return fmt.Sprintf("one part of the drain of %s from node %d goes from offset %d to %d", p, d.node, a.Offset, b.Offset),
					[]Op{d.op(p, &b)}
			})
		}
	}
}

// across compares a process's poll with where it stood.
func (o *processOrders) across(p *partition, before position, d *read, first history.Record) {
	rank := int(p.rank(first.Offset))
	tell := func() (string, []Op) {
		where := "the end of the log as known"
		if before.next < len(p.cells) {
			where = fmt.Sprintf("offset %d", p.cells[before.next].offset)
		}
		return fmt.Sprintf("process %d stood at %s of %s and then read offset %d", d.process, where, p, first.Offset),
			[]Op{before.by.op(p, lastOf(before.by)), d.op(p, &first)}
	}
	switch {
	case rank > before.next:
		o.skip.add(tell)
	case rank < before.next:
		o.back.add(tell)
	}
}

// sends: the acked sends of a process have ascending offsets.
func (o *processOrders) sends(r *run, p *partition) {
	last := map[int]*send{}
	for _, at := range p.sends {
		s := &r.sends[at]
		if !s.acked() || s.offset == none {
			continue
		}
		if before := last[s.process]; before != nil && s.offset <= before.offset {
			o.send.add(func() (string, []Op) {
				return fmt.Sprintf("process %d sent to offset %d of %s and then to %d", s.process, before.offset, p, s.offset),
					[]Op{before.op(), s.op()}
			})
		}
		last[s.process] = s
	}
}

func (p *partition) between(step int32, offset int64) string {
	if step <= 1 {
		return ""
	}
	return fmt.Sprintf(", over offset %d", p.cells[p.rank(offset)+1].offset)
}

func lastOf(d *read) *history.Record {
	if len(d.records) == 0 {
		return nil
	}
	return &d.records[len(d.records)-1]
}

// positionGone knows the broker's answer for an offset beyond the log, and the
// client's for a log that was cut below its position (KIP-320).
func positionGone(err string) bool {
	return strings.Contains(err, "OFFSET_OUT_OF_RANGE") || strings.Contains(err, "DATA_LOSS")
}
