package history

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// WriteEDN writes the events as Jepsen's op maps, one per line, so that Jepsen's
// own checkers can judge the history: a send is [[:send "topic-0" value]], an
// acked one [[:send "topic-0" [offset value]]], a poll that returned
// [[:poll {"topic-0" [[offset value] ...]}]]. A drain is a poll to Jepsen, and a
// marker a send; the key :op holds our name for what Jepsen has none for, and
// keys of ours that Jepsen ignores hold the rest, so that ReadEDN gives the same
// events back. The header has no place in EDN.
func (h *History) WriteEDN(w io.Writer) error {
	var line bytes.Buffer
	for i := range h.Events {
		line.Reset()
		writeOp(&line, &h.Events[i])
		if _, err := w.Write(line.Bytes()); err != nil {
			return fmt.Errorf("history: write EDN: %w", err)
		}
	}
	return nil
}

func writeOp(w *bytes.Buffer, e *Event) {
	fmt.Fprintf(w, "{:index %d, :time %d, :process ", e.Index, e.Time)
	if e.Process == NemesisProcess {
		w.WriteString(":nemesis")
	} else {
		w.WriteString(strconv.Itoa(e.Process))
	}
	fmt.Fprintf(w, ", :type :%s, :f :%s, :value ", e.Type, jepsenF(e))
	writeValue(w, e)
	if e.Error != "" {
		fmt.Fprintf(w, ", :error %s", quote(e.Error))
	}
	if f := e.Fault; f != nil {
		writeFault(w, f, e.F)
		w.WriteString("}\n")
		return
	}
	if jepsenF(e) != e.F {
		fmt.Fprintf(w, ", :op :%s", e.F)
	}
	fmt.Fprintf(w, ", :topic %s, :partition %d", quote(e.Topic), e.Partition)
	if e.Value != 0 {
		fmt.Fprintf(w, ", :sent %d", e.Value)
	}
	if e.Offset != nil {
		fmt.Fprintf(w, ", :offset %d", *e.Offset)
	}
	if e.LeaderEpoch != nil {
		fmt.Fprintf(w, ", :leader-epoch %d", *e.LeaderEpoch)
	}
	if e.Node != nil {
		fmt.Fprintf(w, ", :node %d", *e.Node)
	}
	if e.End != nil {
		fmt.Fprintf(w, ", :end %d", *e.End)
	}
	if len(e.ISR) > 0 {
		w.WriteString(", :isr ")
		writeNodes(w, e.ISR)
	}
	w.WriteString("}\n")
}

// jepsenF is the name that Jepsen's Kafka workload has for an op.
func jepsenF(e *Event) string {
	switch {
	case e.Fault != nil:
		return "fault"
	case e.F == Marker:
		return Send
	case e.F == Drain:
		return Poll
	}
	return e.F
}

func writeValue(w *bytes.Buffer, e *Event) {
	key := quote(fmt.Sprintf("%s-%d", e.Topic, e.Partition))
	switch {
	case e.Fault != nil:
		w.WriteString(quote(e.Fault.Describe))
	case e.F == Send || e.F == Marker:
		if e.Type == OK && e.Offset != nil && *e.Offset >= 0 {
			fmt.Fprintf(w, "[[:send %s [%d %d]]]", key, *e.Offset, e.Value)
			return
		}
		fmt.Fprintf(w, "[[:send %s %d]]", key, e.Value)
	case e.F == Assign:
		fmt.Fprintf(w, "[%s]", key)
	case e.F == Poll || e.F == Drain:
		if e.Type == Invoke {
			w.WriteString("[[:poll]]")
			return
		}
		fmt.Fprintf(w, "[[:poll {%s [", key)
		for i, r := range e.Records {
			if i > 0 {
				w.WriteByte(' ')
			}
			fmt.Fprintf(w, "[%d %d]", r.Offset, r.Value)
		}
		w.WriteString("]}]]")
	default:
		w.WriteString("nil")
	}
}

func writeFault(w *bytes.Buffer, f *Fault, name string) {
	fmt.Fprintf(w, ", :name %s, :step %d, :kind %s, :nodes ", quote(name), f.Step, quote(f.Kind))
	writeNodes(w, f.Nodes)
	w.WriteString(", :evidence {")
	for i, k := range slices.SortedFunc(maps.Keys(f.Evidence), cmp.Compare[string]) {
		if i > 0 {
			w.WriteString(", ")
		}
		w.WriteString(quote(k) + " " + quote(f.Evidence[k]))
	}
	w.WriteByte('}')
	if f.Bit != nil {
		fmt.Fprintf(w, ", :bit %t", *f.Bit)
	}
	if f.Healing != nil {
		fmt.Fprintf(w, ", :healing %d", *f.Healing)
	}
}

func writeNodes(w *bytes.Buffer, nodes []int) {
	w.WriteByte('[')
	for i, n := range nodes {
		if i > 0 {
			w.WriteByte(' ')
		}
		w.WriteString(strconv.Itoa(n))
	}
	w.WriteByte(']')
}

// quote writes an EDN string: only these escapes are EDN's.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s) + `"`
}
