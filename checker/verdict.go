package checker

import (
	"fmt"
	"time"

	"github.com/ackproof/ackproof/harness/history"
)

// Format and Version name the format of a Result's JSON, which
// docs/verdict.md describes field by field.
const (
	Format  = "ackproof-verdict"
	Version = 1
)

// Status is what a check says. Unknown is never a pass.
type Status string

// A violation is proven by the history. Unknown says that the check could not
// decide: too little work, a fault without evidence, no drain, or time ran out.
// Skipped says that the check has nothing to say about such a run.
const (
	OK        Status = "ok"
	Violation Status = "violation"
	Unknown   Status = "unknown"
	Skipped   Status = "skipped"
)

// Verdict is one check's answer.
type Verdict struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	// Reason is one line for people; empty when the status is ok.
	Reason string `json:"reason,omitempty"`
	// Promised, of a violation: the configuration, under the faults that the
	// run really had, promised that this cannot happen. The broker broke its
	// word. False: the word was never given.
	Promised bool `json:"promised"`
	// Count is the number of cases found; Ops show the first of them.
	Count int `json:"count,omitempty"`
	// Ops are the op, or the pair of ops, that show it.
	Ops []Op `json:"ops,omitempty"`
	// Evidence is what else was read off, by name.
	Evidence map[string]any `json:"evidence,omitempty"`
}

// Result is the verdict on a run.
type Result struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Run     string `json:"run,omitempty"`
	Status  Status `json:"status"`
	// Reason is that of the verdict that decided the status.
	Reason string `json:"reason,omitempty"`
	// StrictReads is the option that the run was judged under.
	StrictReads bool `json:"strict_reads,omitempty"`
	// Promise is what the configuration promised under the run's faults.
	Promise  Promise   `json:"promise"`
	Verdicts []Verdict `json:"verdicts"`
	Metrics  Metrics   `json:"metrics"`
}

// ExitCode is the status as the process's exit code, as Jepsen's: 0 ok,
// 1 violation, 2 unknown.
func (r Result) ExitCode() int {
	switch r.Status {
	case OK:
		return 0
	case Violation:
		return 1
	}
	return 2
}

// Verdict returns the verdict of the named check.
func (r Result) Verdict(check string) (Verdict, bool) {
	for _, v := range r.Verdicts {
		if v.Check == check {
			return v, true
		}
	}
	return Verdict{}, false
}

// Broken says whether a promise was broken: a violation with Promised set.
func (r Result) Broken() bool {
	for _, v := range r.Verdicts {
		if v.Status == Violation && v.Promised {
			return true
		}
	}
	return false
}

// Op is an operation as a person reads it: invocation and completion in one.
type Op struct {
	Process   int          `json:"process"`
	F         string       `json:"f"`
	Topic     string       `json:"topic"`
	Partition int32        `json:"partition"`
	Node      *int         `json:"node,omitempty"`
	Value     int64        `json:"value,omitempty"`
	Offset    *int64       `json:"offset,omitempty"`
	Invoked   int64        `json:"invoked_ns"`
	Completed *int64       `json:"completed_ns,omitempty"` // nil: it never did
	Outcome   history.Type `json:"outcome,omitempty"`      // empty: it never did
	Line      int          `json:"line"`                   // of the invocation, in the history file
	Error     string       `json:"error,omitempty"`
	// Saw is the record that makes a read interesting.
	Saw *history.Record `json:"saw,omitempty"`
}

// String is the op in one line.
func (o Op) String() string {
	s := fmt.Sprintf("line %d: process %d %s %s-%d", o.Line, o.Process, o.F, o.Topic, o.Partition)
	if o.Node != nil {
		s += fmt.Sprintf(" node %d", *o.Node)
	}
	if o.Value != 0 {
		s += fmt.Sprintf(" value %d", o.Value)
	}
	s += fmt.Sprintf(", invoked at %v", seconds(o.Invoked))
	switch o.Outcome {
	case "":
		s += ", never completed"
	default:
		s += fmt.Sprintf(", %s at %v", o.Outcome, seconds(*o.Completed))
	}
	if o.Offset != nil {
		s += fmt.Sprintf(", offset %d", *o.Offset)
	}
	if o.Saw != nil {
		s += fmt.Sprintf(", saw value %d at offset %d", o.Saw.Value, o.Saw.Offset)
	}
	if o.Error != "" {
		s += ": " + o.Error
	}
	return s
}

func seconds(ns int64) string {
	return fmt.Sprintf("%.6fs", time.Duration(ns).Seconds())
}
