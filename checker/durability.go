package checker

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ackproof/ackproof/harness/history"
)

// durability: an acked value is in the drain of every replica, at the offset
// that its ack named (checking rule 3). With acks=0, where no ack names an
// offset, what was sent counts.
func durability(r *run) []Verdict {
	l := losses{
		unseen: finding{check: CheckUnseen},
		lost:   finding{check: CheckLostWrite},
		moved:  finding{check: CheckMoved},
		kinds:  map[string]int{}, replicas: map[int]bool{},
	}
	for _, p := range r.partitions {
		l.judge(r, p)
	}
	if l.unseen.count > 0 {
		l.unseen.evidence = map[string]any{"kinds": l.kinds, "losses": l.perNode}
		l.unseen.reason = fmt.Sprintf("%s (lost in all: %d; %s)", l.unseen.reason, l.unseen.count, l.summary())
	}
	undrained := r.undrained()
	return []Verdict{
		l.unseen.unless(undrained, r.promise.Durability),
		l.lost.unless(undrained, r.promise.Durability),
		l.moved.unless(undrained, r.promise.Durability),
	}
}

// Loss is what one replica lacks of one writer's acked sends.
type Loss struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Node      int    `json:"node"`
	Writer    int    `json:"writer"` // process
	// Where the loss lies in the writer's sequence of acked sends: all, prefix,
	// postfix, or middle, which is all else.
	Where      string `json:"where"`
	Count      int    `json:"count"`
	Of         int    `json:"of"` // acked sends of the writer
	FirstValue int64  `json:"first_value"`
	LastValue  int64  `json:"last_value"`
}

// maxLosses bounds the losses that a verdict lists.
const maxLosses = 20

// Kinds of loss. Each lost value is counted once per pair of kinds and replica:
// one says whether a consumer had seen it, the other whether the replica had
// read past its offset.
const (
	neverVisible        = "never-visible"
	visibleThenVanished = "visible-then-vanished"
	belowWatermark      = "below-watermark"
	aboveWatermark      = "at-or-above-watermark"
	offsetUnknown       = "offset-unknown"
)

var lossKinds = []string{neverVisible, visibleThenVanished, belowWatermark, aboveWatermark, offsetUnknown}

type losses struct {
	unseen, lost, moved finding
	kinds               map[string]int
	perNode             []Loss
	replicas            map[int]bool // that lack something
}

// summary tells the kinds, which count a value once for each replica that lacks it.
func (l *losses) summary() string {
	var parts []string
	for _, k := range lossKinds {
		if n := l.kinds[k]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", k, n))
		}
	}
	replicas := "replicas"
	if len(l.replicas) == 1 {
		replicas = "replica"
	}
	return fmt.Sprintf("on %d %s: %s", len(l.replicas), replicas, strings.Join(parts, ", "))
}

func (l *losses) judge(r *run, p *partition) {
	missing, moved := map[int32]bool{}, map[int32]bool{}
	for _, w := range p.drains {
		held := p.held(r, w)
		var gone []int32
		for _, at := range p.sends {
			s := &r.sends[at]
			if s.marker || !s.acked() || held.right[at] || !w.mustHold(s) {
				continue
			}
			if _, elsewhere := held.wrong[at]; elsewhere {
				l.addMoved(p, w, s, held.wrong[at], moved, at)
				continue
			}
			gone = append(gone, at)
			l.addUnseen(p, w, s, missing, at)
		}
		l.locate(r, p, w, gone)
	}
	l.findLost(r, p)
}

// holding says which sends a drain holds where their acks said, and which at
// another offset only.
type holding struct {
	right []bool // by index into run.sends
	wrong map[int32]int64
}

func (p *partition) held(r *run, w *drain) holding {
	h := holding{right: make([]bool, len(r.sends)), wrong: map[int32]int64{}}
	for _, rec := range w.records {
		at, ok := r.sent(p, rec.Value)
		if !ok {
			continue
		}
		if s := &r.sends[at]; s.offset == none || s.offset == rec.Offset {
			h.right[at] = true
		} else {
			h.wrong[at] = rec.Offset
		}
	}
	return h
}

// mustHold says whether the drain's replica owes an acked send.
func (w *drain) mustHold(s *send) bool {
	if s.offset == none {
		return w.complete
	}
	return w.owes(s.offset)
}

func (l *losses) addMoved(p *partition, w *drain, s *send, to int64, moved map[int32]bool, at int32) {
	if moved[at] {
		return
	}
	moved[at] = true
	l.moved.add(func() (string, []Op) {
		return fmt.Sprintf("value %d was acked at offset %d of %s and is at %d on node %d", s.value, s.offset, p, to, w.node),
			[]Op{s.op(), p.drainOp(w, to, &history.Record{Offset: to, Value: s.value})}
	})
}

func (l *losses) addUnseen(p *partition, w *drain, s *send, missing map[int32]bool, at int32) {
	seen, where := neverVisible, belowWatermark
	if s.polled {
		seen = visibleThenVanished
	}
	switch {
	case s.offset == none:
		where = offsetUnknown
	case s.offset >= w.end:
		where = aboveWatermark
	}
	l.replicas[w.node] = true
	l.kinds[seen]++
	l.kinds[where]++
	if missing[at] {
		return
	}
	missing[at] = true
	l.unseen.add(func() (string, []Op) {
		place := fmt.Sprintf("at offset %d", s.offset)
		if s.offset == none {
			place = "at no known offset"
		}
		return fmt.Sprintf("value %d, acked %s of %s, is not on node %d, drained up to %d",
			s.value, place, p, w.node, w.end), []Op{s.op(), p.drainOp(w, s.offset, nil)}
	})
}

// locate says, per writer, where in its sequence a replica's loss lies.
func (l *losses) locate(r *run, p *partition, w *drain, gone []int32) {
	if len(gone) == 0 {
		return
	}
	sequence := map[int][]int32{} // writer -> its acked sends, in order
	for _, at := range p.sends {
		if s := &r.sends[at]; !s.marker && s.acked() {
			sequence[s.process] = append(sequence[s.process], at)
		}
	}
	byWriter := map[int][]int32{}
	for _, at := range gone {
		writer := r.sends[at].process
		byWriter[writer] = append(byWriter[writer], at)
	}
	for len(gone) > 0 && len(l.perNode) < maxLosses {
		writer := r.sends[gone[0]].process
		lost, all := byWriter[writer], sequence[writer]
		l.perNode = append(l.perNode, Loss{
			Topic: p.topic, Partition: p.id, Node: w.node, Writer: writer,
			Where: whereLost(lost, all), Count: len(lost), Of: len(all),
			FirstValue: r.sends[lost[0]].value, LastValue: r.sends[lost[len(lost)-1]].value,
		})
		gone = slices.DeleteFunc(gone, func(at int32) bool { return r.sends[at].process == writer })
	}
}

func whereLost(lost, all []int32) string {
	switch n := len(lost); {
	case n == len(all):
		return "all"
	case slices.Equal(lost, all[:n]):
		return "prefix"
	case slices.Equal(lost, all[len(all)-n:]):
		return "postfix"
	}
	return "middle"
}

// findLost looks for lost writes as Jepsen defines them: acked, below what
// somebody read, and read by nobody. It needs a complete drain of every
// replica, for what nobody read yet is not lost.
func (l *losses) findLost(r *run, p *partition) {
	if p.deleted() || p.undrained(r) != "" {
		return
	}
	highest := int64(none)
	var last claim
	var top history.Record
	for i := range p.reads {
		for _, rec := range p.reads[i].committed() {
			if rec.Offset > highest {
				highest, last, top = rec.Offset, claim{at: int32(i)}, rec
			}
		}
	}
	for _, at := range p.sends {
		s := &r.sends[at]
		if s.marker || !s.acked() || s.offset == none || s.offset > highest || s.read {
			continue
		}
		l.lost.add(func() (string, []Op) {
			return fmt.Sprintf("value %d, acked at offset %d of %s, was read by nobody, and offset %d was", s.value, s.offset, p, highest),
				[]Op{s.op(), r.show(p, last, top.Offset, top.Value)}
		})
	}
}
