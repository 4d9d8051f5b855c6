package checker

import (
	"fmt"
	"io"
	"slices"

	"github.com/anishathalye/porcupine"

	"github.com/ackproof/ackproof/harness/history"
)

// shownOps is how many ops around each of a verdict's ops are drawn.
const shownOps = 60

// Visualize writes Porcupine's own HTML of the part of the log that shows the
// violation which decided res, with the run's faults as bands. An order
// violation is drawn with the furthest that the search came; any other with
// its ops marked. Without a violation that names an op it writes nothing. h
// must be the history that res was drawn from.
func Visualize(w io.Writer, h *history.History, res Result) error {
	v, ok := res.worst()
	if !ok {
		return nil
	}
	if err := h.Validate(); err != nil {
		return fmt.Errorf("checker: visualize: %w", err)
	}
	r := newRun(h, Options{StrictReads: res.StrictReads}.normalised())
	p := r.partitionOf(v.Ops[0])
	if p == nil {
		return fmt.Errorf("checker: visualize: %s-%d of the verdict is not in the history", v.Ops[0].Topic, v.Ops[0].Partition)
	}
	s := segment{ops: p.around(r, p.searchedOps(r), v.Ops)}
	model := logModel(s.first)
	model.DescribeOperation = func(input, _ any) string { return r.describe(p, input.(*searched)) }
	model.DescribeState = func(state any) string { return fmt.Sprintf("%d records of the part shown", state) }
	_, info := porcupine.CheckOperationsVerbose(model, s.operations(), r.options.PorcupineTimeout)
	info.AddAnnotations(append(r.bands(s), marks(v)...))
	if err := porcupine.Visualize(model, info, w); err != nil {
		return fmt.Errorf("checker: visualize: %w", err)
	}
	return nil
}

// worst is the violation that decided the status, if it names an op.
func (r Result) worst() (Verdict, bool) {
	var worst Verdict
	for _, v := range r.Verdicts {
		if v.Status == Violation && len(v.Ops) > 0 && v.weight() > worst.weight() {
			worst = v
		}
	}
	return worst, worst.Status == Violation
}

func (r *run) partitionOf(o Op) *partition {
	for _, p := range r.partitions {
		if p.topic == o.Topic && p.id == o.Partition {
			return p
		}
	}
	return nil
}

// around keeps the ops whose ranks are near those of the shown ops, and counts
// the ranks anew. Leaving appends out cannot make an illegal order legal or a
// legal one illegal: what is left has the same order.
func (p *partition) around(r *run, ops []searched, shown []Op) []searched {
	keep := make([]bool, len(ops))
	for _, o := range shown {
		at := slices.IndexFunc(ops, func(op searched) bool { return p.line(r, op.by) == o.Line })
		if at < 0 {
			// Not an op of the model, such as a send without an offset: what
			// was going on when it began is shown.
			at = slices.IndexFunc(ops, func(op searched) bool { return op.call >= o.Invoked })
		}
		if at < 0 {
			at = len(ops) - 1
		}
		for i := max(at-shownOps/2, 0); i < min(at+shownOps/2, len(ops)); i++ {
			keep[i] = true
		}
	}
	var kept []searched
	appended := 0
	for i, op := range ops {
		if !keep[i] {
			continue
		}
		switch op.f {
		case showsNone:
			op.rank = appended
		case appends:
			op.rank = appended
			appended++
		case shows:
			op.rank = appended - 1
		}
		if op.rank >= 0 {
			kept = append(kept, op)
		}
	}
	return kept
}

// line is that of an op's invocation in the history file.
func (p *partition) line(r *run, by claim) int {
	if by.send {
		return r.sends[by.at].line + 2
	}
	return p.reads[by.at].line + 2
}

func (r *run) describe(p *partition, op *searched) string {
	if !op.by.send {
		d := &p.reads[op.by.at]
		if op.f == appends {
			return "append of a value that nobody sent"
		}
		if op.f == showsNone {
			return fmt.Sprintf("%s at %d: nothing", d.f, d.offset)
		}
		return fmt.Sprintf("%s: up to offset %d", d.f, lastOf(d).Offset)
	}
	s := &r.sends[op.by.at]
	if s.offset == none {
		return fmt.Sprintf("send %d: %s", s.value, s.outcome)
	}
	return fmt.Sprintf("send %d: offset %d", s.value, s.offset)
}

// bands are the faults that overlap a segment, cut to its time.
func (r *run) bands(s segment) []porcupine.Annotation {
	begin, end := int64(never), int64(none)
	for _, o := range s.operations() {
		begin, end = min(begin, o.Call), max(end, o.Return)
	}
	var bands []porcupine.Annotation
	for _, f := range r.faults {
		if f.began > end || f.healed < begin {
			continue
		}
		bands = append(bands, porcupine.Annotation{
			Tag: "faults", Start: max(f.began, begin), End: min(f.healed, end),
			Description: fmt.Sprintf("%s %v", f.kind, f.nodes), Details: f.describe, BackgroundColor: "#ffd0c0",
		})
	}
	return bands
}

// marks point at the ops of the verdict.
func marks(v Verdict) []porcupine.Annotation {
	var marks []porcupine.Annotation
	for _, o := range v.Ops {
		end := o.Invoked
		if o.Completed != nil {
			end = *o.Completed
		}
		marks = append(marks, porcupine.Annotation{
			Tag: v.Check, Start: o.Invoked, End: end,
			Description: fmt.Sprintf("%s, process %d", o.F, o.Process), Details: v.Reason + "\n" + o.String(), BackgroundColor: "#ffe680",
		})
	}
	return marks
}
