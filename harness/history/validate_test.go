package history

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValidate(t *testing.T) {
	offset := func(o int64) *int64 { return &o }
	send := func(p int, at int64, v int64) Event {
		return Event{Time: at, Process: p, Type: Invoke, F: Send, Topic: "t", Value: v}
	}
	acked := func(p int, at int64, o *int64) Event {
		return Event{Time: at, Process: p, Type: OK, F: Send, Offset: o}
	}
	fault := func(typ Type, step int) Event {
		return Event{Process: NemesisProcess, Type: typ, F: "kill", Fault: &Fault{Step: step, Kind: "kill"}}
	}
	healing := func(at int64) Event {
		return Event{Time: 9, Process: NemesisProcess, Type: Info, F: "kill", Fault: &Fault{Step: 1, Kind: "kill", Healing: &at}}
	}
	applied := fault(Invoke, 1)
	applied.Time = 5
	for name, row := range map[string]struct {
		acks   string
		events []Event
		want   string // empty: well-formed
		line   int
	}{
		"empty":            {},
		"fine":             {events: sample()},
		"still open":       {events: []Event{send(0, 1, 1), send(1, 2, 2)}},
		"two open":         {events: []Event{send(0, 1, 1), send(0, 2, 2)}, line: 3, want: "process 0 invokes send while its op of line 2 is open"},
		"no invocation":    {events: []Event{acked(0, 1, offset(0))}, line: 2, want: "process 0 completes send without an invocation"},
		"completed twice":  {events: []Event{send(0, 1, 1), acked(0, 2, offset(0)), acked(0, 3, offset(0))}, line: 4, want: "without an invocation"},
		"time back":        {events: []Event{send(0, 5, 1), acked(0, 4, offset(0))}, line: 3, want: "time goes back from 5 to 4 ns"},
		"value twice":      {events: []Event{send(0, 1, 1), send(1, 2, 1)}, line: 3, want: "value 1 is sent twice"},
		"value missing":    {events: []Event{send(0, 1, 0)}, line: 2, want: "send with value 0: values are above 0"},
		"no topic":         {events: []Event{{Type: Invoke, F: Poll}}, line: 2, want: "poll without a topic"},
		"no offset":        {events: []Event{send(0, 1, 1), acked(0, 2, nil)}, line: 3, want: "acked send without an offset"},
		"offset unknown":   {events: []Event{send(0, 1, 1), acked(0, 2, offset(-1))}, line: 3, want: "acked send without an offset"},
		"acks=0":           {acks: "0", events: []Event{send(0, 1, 1), acked(0, 2, offset(-1)), send(0, 3, 2), acked(0, 4, nil)}},
		"end offset":       {events: []Event{{Type: Invoke, F: EndOffset, Topic: "t"}, {Type: OK, F: EndOffset}}, line: 3, want: "ok end-offset without an offset"},
		"other op":         {events: []Event{send(0, 1, 1), {Time: 2, Type: OK, F: Poll}}, line: 3, want: "process 0 completes poll but invoked send in line 2"},
		"other partition":  {events: []Event{send(0, 1, 1), {Time: 2, Type: Fail, F: Send, Topic: "t", Partition: 2}}, line: 3, want: "process 0 completes on t-2 but invoked on t-0 in line 2"},
		"other value":      {events: []Event{send(0, 1, 1), {Time: 2, Type: Fail, F: Send, Value: 9}}, line: 3, want: "process 0 completes value 9 but invoked 1 in line 2"},
		"info retires":     {events: []Event{send(0, 1, 1), {Time: 2, Type: Info, F: Send}, send(0, 3, 2)}, line: 4, want: "after an info: an info retires its process"},
		"drain's node":     {events: []Event{{Type: Invoke, F: Drain, Topic: "t"}}, line: 2, want: "drain without a node"},
		"fault twice":      {events: []Event{fault(Invoke, 1), fault(Invoke, 2), fault(Invoke, 1)}, line: 4, want: "fault step 1 is applied twice"},
		"fault healed":     {events: []Event{fault(Invoke, 1), fault(Info, 1), fault(Info, 1)}, line: 4, want: "fault step 1 is healed but was not applied"},
		"healed as other":  {events: []Event{applied, {Process: NemesisProcess, Time: 9, Type: Info, F: "kill", Fault: &Fault{Step: 1, Kind: "wipe"}}}, line: 3, want: "fault step 1 is healed as a wipe of nodes [] but was applied as a"},
		"healed elsewhere": {events: []Event{applied, {Process: NemesisProcess, Time: 9, Type: Info, F: "kill", Fault: &Fault{Step: 1, Kind: "kill", Nodes: []int{2}}}}, line: 3, want: "of nodes [2] but was applied as a"},
		"an ISR":           {events: []Event{SawISR("t", 0, 4, 1, []int{1, 2})}},
		"healing at once":  {events: []Event{applied, healing(5)}},
		"healing at last":  {events: []Event{applied, healing(9)}},
		"healing early":    {events: []Event{applied, healing(4)}, line: 3, want: "fault step 1 began to heal at 4 ns, allowed are 5, when it was applied, to 9, when it was healed"},
		"healing late":     {events: []Event{applied, healing(10)}, line: 3, want: "fault step 1 began to heal at 10 ns, allowed are 5"},
		"fault missing":    {events: []Event{{Process: NemesisProcess, Type: Invoke, F: "kill"}}, line: 2, want: "a nemesis event without a fault"},
	} {
		t.Run(name, func(t *testing.T) {
			h := &History{Events: row.events, Header: Header{Config: Config{Acks: row.acks}}}
			for i := range h.Events {
				h.Events[i].Index = int64(i)
			}
			err := h.Validate()
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			var bad *Malformed
			require.ErrorAs(t, err, &bad)
			require.Contains(t, bad.Reason, row.want)
			require.Equal(t, row.line, bad.Line)
		})
	}
	h := &History{Events: []Event{{Index: 3, Type: Invoke, F: Poll, Topic: "t"}, {Index: 3, Type: OK, F: Poll}}}
	require.ErrorContains(t, h.Validate(), "line 3: index 3 does not follow 3")
}
