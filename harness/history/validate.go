package history

import (
	"fmt"
	"slices"
)

// Malformed says why a history cannot be judged. Line is the file's line,
// the header being 1.
type Malformed struct {
	Line   int
	Reason string
}

func (m *Malformed) Error() string {
	return fmt.Sprintf("malformed history: line %d: %s", m.Line, m.Reason)
}

// Validate checks that the events fit together as those of single-threaded
// clients on one clock. It returns a *Malformed that names the first that does
// not. A history that fails is of a broken harness, and proves nothing about
// the system under test.
func (h *History) Validate() error {
	v := validator{
		offsets: h.Header.Config.Acks != "0",
		open:    map[int]int{},
		retired: map[int]bool{},
		values:  map[int64]bool{},
		applied: map[int]*Event{},
	}
	for i := range h.Events {
		if reason := v.next(h.Events, i); reason != "" {
			return &Malformed{Line: i + 2, Reason: reason}
		}
	}
	return nil
}

type validator struct {
	offsets bool           // an acked send knows its offset
	open    map[int]int    // process -> its open invocation
	retired map[int]bool   // processes whose last op ended in info
	values  map[int64]bool // values sent
	applied map[int]*Event // fault steps in force -> their begin
}

func (v *validator) next(events []Event, i int) string {
	e := &events[i]
	if i > 0 {
		before := &events[i-1]
		if e.Index <= before.Index {
			return fmt.Sprintf("index %d does not follow %d", e.Index, before.Index)
		}
		if e.Time < before.Time {
			return fmt.Sprintf("time goes back from %d to %d ns", before.Time, e.Time)
		}
	}
	switch {
	case e.Process == NemesisProcess:
		return v.fault(e)
	case e.Type == Invoke:
		return v.invoke(e, i)
	}
	return v.complete(events, e)
}

func (v *validator) fault(e *Event) string {
	if e.Fault == nil {
		if e.F == ISR {
			return ""
		}
		return "a nemesis event without a fault"
	}
	began, applied := v.applied[e.Fault.Step]
	if e.Type == Invoke {
		if applied {
			return fmt.Sprintf("fault step %d is applied twice without a heal between", e.Fault.Step)
		}
		v.applied[e.Fault.Step] = e
		return ""
	}
	if !applied {
		return fmt.Sprintf("fault step %d is healed but was not applied", e.Fault.Step)
	}
	if e.Fault.Kind != began.Fault.Kind || !slices.Equal(e.Fault.Nodes, began.Fault.Nodes) {
		return fmt.Sprintf("fault step %d is healed as a %s of nodes %v but was applied as a %s of nodes %v",
			e.Fault.Step, e.Fault.Kind, e.Fault.Nodes, began.Fault.Kind, began.Fault.Nodes)
	}
	if at := e.Fault.Healing; at != nil && (*at < began.Time || *at > e.Time) {
		return fmt.Sprintf("fault step %d began to heal at %d ns, allowed are %d, when it was applied, to %d, when it was healed",
			e.Fault.Step, *at, began.Time, e.Time)
	}
	delete(v.applied, e.Fault.Step)
	return ""
}

func (v *validator) invoke(e *Event, i int) string {
	if at, ok := v.open[e.Process]; ok {
		return fmt.Sprintf("process %d invokes %s while its op of line %d is open", e.Process, e.F, at+2)
	}
	if v.retired[e.Process] {
		return fmt.Sprintf("process %d invokes %s after an info: an info retires its process", e.Process, e.F)
	}
	if e.Topic == "" {
		return fmt.Sprintf("%s without a topic", e.F)
	}
	if e.F == Send || e.F == Marker {
		if e.Value <= 0 {
			return fmt.Sprintf("%s with value %d: values are above 0", e.F, e.Value)
		}
		if v.values[e.Value] {
			return fmt.Sprintf("value %d is sent twice: values are unique in a run", e.Value)
		}
		v.values[e.Value] = true
	}
	if e.F == Drain && e.Node == nil {
		return "drain without a node"
	}
	v.open[e.Process] = i
	return ""
}

func (v *validator) complete(events []Event, e *Event) string {
	at, ok := v.open[e.Process]
	if !ok {
		return fmt.Sprintf("process %d completes %s without an invocation", e.Process, e.F)
	}
	began := &events[at]
	if e.F != began.F {
		return fmt.Sprintf("process %d completes %s but invoked %s in line %d", e.Process, e.F, began.F, at+2)
	}
	if e.Topic != "" && (e.Topic != began.Topic || e.Partition != began.Partition) {
		return fmt.Sprintf("process %d completes on %s-%d but invoked on %s-%d in line %d",
			e.Process, e.Topic, e.Partition, began.Topic, began.Partition, at+2)
	}
	if e.Value != 0 && e.Value != began.Value {
		return fmt.Sprintf("process %d completes value %d but invoked %d in line %d", e.Process, e.Value, began.Value, at+2)
	}
	if e.Type == OK {
		if reason := v.missing(e); reason != "" {
			return reason
		}
	}
	delete(v.open, e.Process)
	if e.Type == Info {
		v.retired[e.Process] = true
	}
	return ""
}

// missing names what an ok completion must carry and does not. Without acked
// offsets a checker has to search, and the search explodes.
func (v *validator) missing(e *Event) string {
	known := e.Offset != nil && *e.Offset >= 0
	switch e.F {
	case Send:
		if v.offsets && !known {
			return "acked send without an offset"
		}
	case Marker, EndOffset:
		if !known {
			return fmt.Sprintf("ok %s without an offset", e.F)
		}
	}
	return ""
}
