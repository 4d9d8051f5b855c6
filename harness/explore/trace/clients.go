package trace

import (
	"fmt"

	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/harness/history"
)

// Who a line is of that is no broker's.
const (
	Clients = "clients"
	Nemesis = "nemesis"
	Stage   = "run" // what the run goes on with
)

// Stage implements sim.Tracer. A fault is a stage too, and told already.
func (t *Trace) Stage(at sim.At, what string) {
	t.flush()
	if what != t.fault {
		t.step = append(t.step, Line{At: at, Who: Stage, Partition: NoPartition, Text: what})
	}
	t.flush()
}

// Recorded implements sim.Tracer.
func (t *Trace) Recorded(at sim.At, e history.Event) {
	t.flush()
	l := Line{At: at, Who: Clients, Partition: e.Partition}
	if e.Fault != nil {
		l.Who, l.Nodes, l.Partition, l.Text = Nemesis, e.Fault.Nodes, NoPartition, e.Fault.Describe
		t.fault = e.Fault.Describe
		if e.Fault.Bit != nil && !*e.Fault.Bit {
			l.Text += " (it did not bite)"
		}
	} else {
		l.Text = t.told(e)
	}
	if e.Node != nil {
		l.Nodes = []int{*e.Node}
	}
	if l.Text == "" {
		if !t.filter.All {
			return
		}
		l.Text = fmt.Sprintf("process %d: %s %s %s", e.Process, e.Type, e.F, nameOf(e.Topic, e.Partition))
	}
	t.step = append(t.step, l)
	t.flush()
}

// told is what a client was told, empty if it is nothing new.
func (t *Trace) told(e history.Event) string {
	name := nameOf(e.Topic, e.Partition)
	switch {
	case e.Type == history.Invoke || e.F == history.Assign:
		return ""
	case e.F == history.Send || e.F == history.Marker:
		return sent(e, name)
	case e.F == history.EndOffset && e.Type == history.OK:
		text := fmt.Sprintf("end of %s is %d", name, *e.Offset)
		if t.ends[name] == text {
			return ""
		}
		t.ends[name] = text
		return text
	case e.F != history.Drain && (e.Type != history.OK || len(e.Records) == 0):
		return "" // a read that brought nothing
	}
	text := fmt.Sprintf("read %s", name)
	if e.F == history.Drain && e.Node != nil {
		text = fmt.Sprintf("drained %s from node %d", name, *e.Node)
	}
	if e.Type != history.OK {
		return text + ": " + e.Error
	}
	text += ": " + recordsOf(e.Records)
	if e.End != nil {
		text += fmt.Sprintf(", up to %d", *e.End)
	}
	return text
}

// sent tells how a send ended.
func sent(e history.Event, name string) string {
	what := fmt.Sprintf("value %d", e.Value)
	if e.F == history.Marker {
		what = fmt.Sprintf("marker %d", e.Value)
	}
	switch {
	case e.Type == history.OK && *e.Offset >= 0:
		return fmt.Sprintf("acked: %s is at offset %d of %s", what, *e.Offset, name)
	case e.Type == history.OK: // acks=0
		return fmt.Sprintf("sent: %s to %s", what, name)
	case e.Type == history.Fail:
		return fmt.Sprintf("failed: %s to %s: %s", what, name, e.Error)
	}
	return fmt.Sprintf("unknown: %s to %s: %s", what, name, e.Error)
}
