package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ReadEDN reads op maps: those of WriteEDN, and those of Jepsen's Kafka
// workload with one send or one key's poll per op. The header is the caller's
// to fill in, but for its format and version: EDN does not say what was
// promised. Jepsen's nemesis ops carry no evidence and are left out; other ops
// of its, such as crash and subscribe, are refused by name.
func ReadEDN(r io.Reader) (*History, error) {
	p := ednParser{in: bufio.NewReaderSize(r, 1<<20)}
	h := &History{Header: Header{Format: Format, Version: Version}}
	open := map[int]int{} // process -> its last invocation
	for n := 1; ; n++ {
		v, err := p.next()
		if errors.Is(err, io.EOF) {
			return h, nil
		}
		if err != nil {
			return nil, fmt.Errorf("history: read EDN: op %d: %w", n, err)
		}
		m, ok := v.(map[any]any)
		if !ok {
			return nil, fmt.Errorf("history: read EDN: op %d is a %T, allowed is a map", n, v)
		}
		if m[keyword("process")] == keyword("nemesis") && m[keyword("f")] != keyword("fault") && m[keyword("f")] != keyword(ISR) {
			continue
		}
		e, err := opMap(m).event(int64(n - 1))
		if err == nil {
			err = e.check()
		}
		if err != nil {
			return nil, fmt.Errorf("history: read EDN: op %d: %w", n, err)
		}
		if e.Type == Invoke {
			open[e.Process] = len(h.Events)
		} else if at, ok := open[e.Process]; ok && e.Process != NemesisProcess {
			share(&h.Events[at], &e)
		}
		h.Events = append(h.Events, e)
	}
}

// share gives a poll's invocation the key that Jepsen names in the completion
// only. A poll that returned nothing names none, and constrains nothing.
func share(invoked, completed *Event) {
	if completed.Topic == "" {
		completed.Topic = "k"
	}
	if invoked.Topic == "" {
		invoked.Topic, invoked.Partition = completed.Topic, completed.Partition
	}
}

// opMap is an op as Jepsen writes it.
type opMap map[any]any

func (m opMap) event(n int64) (Event, error) {
	e := Event{Index: n, Type: Type(m.name("type")), F: m.name("f"), Error: m.text("error")}
	if index := m.integer("index"); index != nil {
		e.Index = *index
	}
	if time := m.integer("time"); time != nil {
		e.Time = *time
	}
	if e.F == "fault" {
		return m.fault(e), nil
	}
	if e.F == ISR && m[keyword("process")] == keyword("nemesis") {
		e.Process, e.ISR = NemesisProcess, m.nodes("isr")
		m.ours(&e)
		return e, nil
	}
	process := m.integer("process")
	if process == nil {
		return e, fmt.Errorf(":process is %v, allowed is an integer, and :nemesis with :f :fault", m[keyword("process")])
	}
	e.Process = int(*process)
	if err := m.value(&e); err != nil {
		return e, err
	}
	m.ours(&e)
	return e, nil
}

// value takes an op's :value apart.
func (m opMap) value(e *Event) error {
	list, _ := m[keyword("value")].([]any)
	switch e.F {
	case Send, Poll, "txn":
	case Assign:
		if len(list) == 1 {
			e.Topic, e.Partition = splitKey(list[0])
		}
		return nil
	default:
		return nil
	}
	if len(list) != 1 {
		return fmt.Errorf(":value has %d parts, allowed is one send or one poll per op", len(list))
	}
	part, _ := list[0].([]any)
	if len(part) == 0 {
		return fmt.Errorf(":value is %v, allowed is [[:send key value]] or [[:poll {key [[offset value] ...]}]]", list)
	}
	switch part[0] {
	case keyword(Send):
		return m.send(e, part)
	case keyword(Poll):
		return m.poll(e, part)
	}
	return fmt.Errorf(":value has a part %v, allowed are :send and :poll", part[0])
}

func (m opMap) send(e *Event, part []any) error {
	e.F = Send
	if len(part) != 3 {
		return fmt.Errorf(":send has %d parts, allowed are a key and a value", len(part)-1)
	}
	e.Topic, e.Partition = splitKey(part[1])
	switch v := part[2].(type) {
	case int64:
		e.Value = v
		return nil
	case []any:
		if rec, ok := pairOf(v); ok {
			e.Value, e.Offset = rec.Value, &rec.Offset
			return nil
		}
	}
	return fmt.Errorf(":send has value %v, allowed are an integer and [offset integer]", part[2])
}

func (m opMap) poll(e *Event, part []any) error {
	e.F = Poll
	if len(part) == 1 {
		return nil
	}
	keys, _ := part[1].(map[any]any)
	if len(keys) > 1 {
		return fmt.Errorf(":poll has %d keys, allowed is one per op", len(keys))
	}
	for key, v := range keys {
		e.Topic, e.Partition = splitKey(key)
		list, _ := v.([]any)
		for _, item := range list {
			two, _ := item.([]any)
			rec, ok := pairOf(two)
			if !ok {
				return fmt.Errorf(":poll has %v, allowed is [offset integer]", item)
			}
			e.Records = append(e.Records, rec)
		}
	}
	return nil
}

// ours reads the keys that Jepsen has no place for. Where they are, they win.
func (m opMap) ours(e *Event) {
	if name := m.name("op"); name != "" {
		e.F = name
	}
	if topic := m.text("topic"); topic != "" {
		e.Topic = topic
	}
	if p := m.integer("partition"); p != nil {
		e.Partition = int32(*p)
	}
	if v := m.integer("sent"); v != nil {
		e.Value = *v
	}
	if o := m.integer("offset"); o != nil {
		e.Offset = o
	}
	if epoch := m.integer("leader-epoch"); epoch != nil {
		v := int32(*epoch)
		e.LeaderEpoch = &v
	}
	if node := m.integer("node"); node != nil {
		v := int(*node)
		e.Node = &v
	}
	e.End = m.integer("end")
}

func (m opMap) fault(e Event) Event {
	f := &Fault{Kind: m.text("kind"), Describe: m.text("value"), Nodes: m.nodes("nodes")}
	if step := m.integer("step"); step != nil {
		f.Step = int(*step)
	}
	evidence, _ := m[keyword("evidence")].(map[any]any)
	for k, v := range evidence {
		if f.Evidence == nil {
			f.Evidence = map[string]string{}
		}
		f.Evidence[fmt.Sprint(k)] = fmt.Sprint(v)
	}
	if bit, ok := m[keyword("bit")].(bool); ok {
		f.Bit = &bit
	}
	f.Healing = m.integer("healing")
	e.Process, e.F, e.Fault = NemesisProcess, m.text("name"), f
	return e
}

func (m opMap) nodes(key keyword) (nodes []int) {
	list, _ := m[key].([]any)
	for _, n := range list {
		if v, ok := n.(int64); ok {
			nodes = append(nodes, int(v))
		}
	}
	return nodes
}

func (m opMap) name(key keyword) string {
	k, _ := m[key].(keyword)
	return string(k)
}

func (m opMap) integer(key keyword) *int64 {
	if n, ok := m[key].(int64); ok {
		return &n
	}
	return nil
}

// text is a string, or whatever Jepsen puts there, printed.
func (m opMap) text(key keyword) string {
	switch v := m[key].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

// splitKey makes a topic partition of a key: "topic-3" is partition 3 of topic,
// and an integer, which is what Jepsen writes, a partition of the topic "k".
func splitKey(key any) (topic string, partition int32) {
	if n, ok := key.(int64); ok {
		return "k", int32(n)
	}
	s := fmt.Sprint(key)
	at := strings.LastIndexByte(s, '-')
	if n, err := strconv.ParseInt(s[at+1:], 10, 32); at > 0 && err == nil {
		return s[:at], int32(n)
	}
	return s, 0
}

// pairOf reads [offset value]; Jepsen writes nil for an offset not known.
func pairOf(list []any) (Record, bool) {
	if len(list) != 2 {
		return Record{}, false
	}
	value, ok := list[1].(int64)
	offset, known := list[0].(int64)
	if !known && list[0] == nil {
		offset, known = -1, true
	}
	return Record{Offset: offset, Value: value}, ok && known
}
