package checker

import (
	"cmp"
	"math"
	"slices"

	"github.com/ackproof/ackproof/harness/history"
)

// never is the completion time of an op that has none: later than all others.
const never = math.MaxInt64

// none is an offset, node or index that is not known.
const none = -1

// run is a history made searchable: ops put together from their two events,
// sorted into partitions, and faults into windows.
type run struct {
	config     history.Config
	options    Options
	truncated  bool
	rough      bool // network, disks or clocks are bad also without a fault
	sends      []send
	byValue    index        // value -> sends
	partitions []*partition // by topic, then number
	faults     []fault
	sightings  map[partitionKey][]sighting // by line
	promise    Promise
}

// send is an append as its client saw it.
type send struct {
	part           *partition
	process        int
	value          int64
	offset         int64 // as acked, or none
	invoked, ended int64 // ns; ended is never where no completion came
	line, endLine  int   // positions of the two events
	outcome        history.Type
	marker         bool
	polled, read   bool // some poll, or any read at all, returned the value
	err            string
}

// acked says that the client was told that the append happened; with acks=0,
// that it was sent.
func (s *send) acked() bool { return s.outcome == history.OK }

// read is a poll, an end-offset query, an assign or a part of a drain.
type read struct {
	f              string
	process        int
	node           int
	offset         int64 // position asked for, or the end offset answered
	epoch          int64
	end            int64 // as a drain's event told it
	limit          int64 // the watermark of the drain that it is a part of
	invoked, ended int64
	line, endLine  int
	outcome        history.Type
	records        []history.Record
	err            string
}

// fault is a fault's window. healed is never where no heal was recorded.
// healing is the earliest time at which anything of the fault may have been
// undone: where the history does not tell, that is as soon as it had begun.
type fault struct {
	step                   int
	line                   int // of its begin
	kind                   string
	nodes                  []int
	began, healing, healed int64
	bit                    *bool
	describe               string
	evidence               map[string]string
}

// hit says whether the evidence shows that the fault had an effect.
func (f *fault) hit() bool { return f.bit != nil && *f.bit }

// opened is an op whose completion has not been met yet.
type opened struct {
	part           *partition
	send, deletion bool
	at             int // index into run.sends or part.reads
}

type partitionKey struct {
	topic string
	id    int32
}

// newRun indexes a well-formed history.
func newRun(h *history.History, o Options) *run {
	r := &run{
		config: h.Header.Config, options: o, truncated: h.Truncated, rough: h.Header.Labels[history.Weather] == history.Rough,
		sightings: map[partitionKey][]sighting{},
	}
	parts := map[partitionKey]*partition{}
	open := map[int]opened{}
	for i := range h.Events {
		e := &h.Events[i]
		switch {
		case e.Process == history.NemesisProcess && e.F == history.ISR && e.Fault == nil:
			r.addSighting(e, i)
		case e.Process == history.NemesisProcess:
			r.addFault(e, i)
		case e.Type == history.Invoke:
			key := partitionKey{e.Topic, e.Partition}
			p := parts[key]
			if p == nil {
				p = &partition{topic: e.Topic, id: e.Partition, deleting: never}
				parts[key] = p
				r.partitions = append(r.partitions, p)
			}
			open[e.Process] = r.invoke(p, e, i)
		default:
			r.complete(open[e.Process], e, i)
			delete(open, e.Process)
		}
	}
	slices.SortFunc(r.partitions, func(a, b *partition) int {
		return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.id, b.id))
	})
	for _, p := range r.partitions {
		p.assembleDrains(r)
		p.layOut(r)
	}
	r.promise = r.promised()
	return r
}

func (r *run) invoke(p *partition, e *history.Event, line int) opened {
	switch e.F {
	case history.CreateTopic:
		return opened{}
	case history.DeleteTopic:
		p.deletions++
		p.deleting = e.Time
		return opened{part: p, deletion: true}
	}
	if e.F == history.Send || e.F == history.Marker {
		at := len(r.sends)
		r.sends = append(r.sends, send{
			part: p, process: e.Process, value: e.Value, offset: none,
			invoked: e.Time, ended: never, line: line, endLine: none,
			marker: e.F == history.Marker,
		})
		r.byValue.set(e.Value, int32(at))
		p.sends = append(p.sends, int32(at))
		return opened{part: p, send: true, at: at}
	}
	p.reads = append(p.reads, read{
		f: e.F, process: e.Process, node: intOr(e.Node), offset: offsetOr(e.Offset), epoch: none, end: none, limit: none,
		invoked: e.Time, ended: never, line: line, endLine: none,
	})
	return opened{part: p, at: len(p.reads) - 1}
}

func (r *run) complete(op opened, e *history.Event, line int) {
	if op.part == nil {
		return // it says nothing of a log
	}
	if op.deletion {
		if e.Type == history.Fail {
			if op.part.deletions--; op.part.deletions == 0 {
				op.part.deleting = never
			}
		}
		return
	}
	if op.send {
		s := &r.sends[op.at]
		s.ended, s.endLine, s.outcome, s.err = e.Time, line, e.Type, e.Error
		// With acks=0 no broker answered, so that an offset is the client's fancy.
		if e.Type == history.OK && (s.marker || r.config.Acks != "0") {
			s.offset = offsetOr(e.Offset)
		}
		return
	}
	d := &op.part.reads[op.at]
	d.ended, d.endLine, d.outcome, d.err = e.Time, line, e.Type, e.Error
	d.records = e.Records
	d.end = offsetOr(e.End)
	if e.LeaderEpoch != nil {
		d.epoch = int64(*e.LeaderEpoch)
	}
	if d.f == history.EndOffset {
		d.offset = offsetOr(e.Offset)
	}
}

func (r *run) addFault(e *history.Event, line int) {
	f := e.Fault
	if e.Type == history.Invoke {
		r.faults = append(r.faults, fault{
			step: f.Step, line: line, kind: f.Kind, nodes: f.Nodes, describe: f.Describe,
			began: e.Time, healing: e.Time, healed: never,
		})
		return
	}
	for i := len(r.faults) - 1; i >= 0; i-- {
		if w := &r.faults[i]; w.step == f.Step && w.healed == never {
			w.healed, w.bit, w.evidence = e.Time, f.Bit, f.Evidence
			if f.Healing != nil {
				w.healing = *f.Healing
			}
			return
		}
	}
}

// sent returns the index into sends of the send of a value to p.
func (r *run) sent(p *partition, value int64) (int32, bool) {
	at, ok := r.byValue.get(value)
	return at, ok && r.sends[at].part == p
}

// find returns the send of a value to p, or nil: nobody sent it there.
func (r *run) find(p *partition, value int64) *send {
	if at, ok := r.sent(p, value); ok {
		return &r.sends[at]
	}
	return nil
}

func (s *send) op() Op {
	o := Op{
		Process: s.process, F: history.Send, Topic: s.part.topic, Partition: s.part.id,
		Value: s.value, Offset: known(s.offset), Invoked: s.invoked,
		Line: s.line + 2, Outcome: s.outcome, Error: s.err,
	}
	if s.marker {
		o.F = history.Marker
	}
	if s.ended != never {
		o.Completed = &s.ended
	}
	return o
}

// op is the read in print, with the record that makes it interesting, if any.
func (d *read) op(p *partition, saw *history.Record) Op {
	o := Op{
		Process: d.process, F: d.f, Topic: p.topic, Partition: p.id,
		Offset: known(d.offset), Invoked: d.invoked, Line: d.line + 2,
		Outcome: d.outcome, Error: d.err, Saw: saw,
	}
	if d.node != none {
		o.Node = &d.node
	}
	if d.ended != never {
		o.Completed = &d.ended
	}
	return o
}

func known(offset int64) *int64 {
	if offset == none {
		return nil
	}
	return &offset
}

func offsetOr(p *int64) int64 {
	if p == nil || *p < 0 {
		return none
	}
	return *p
}

func intOr(p *int) int {
	if p == nil {
		return none
	}
	return *p
}
