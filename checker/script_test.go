package checker

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

// A script is a history in a few lines, one op each, with times in ms:
//
//	3: send 17 @5 [10 20]      process 3 sends value 17, acked at offset 5, from time 10 to 20
//	3: send 17 sent [10 20]    acked without an offset, as with acks=0
//	3: send 17 info [10 20]    unknown outcome; also fail, and [10 -] for one that never completed
//	4: poll 5=17 6=18 [30 40]  reads value 17 at offset 5 and 18 at 6
//	4: poll from 7 [30 40]     reads nothing from offset 7 on; "info", "fail" and err=NAME may follow
//	4: assign 5 [30 31]        seeks to offset 5
//	4: end 7 epoch 2 [30 31]   the end offset is 7 under leader epoch 2
//	9: drain n1 5=17 end 6 [90 95]
//	9: marker 99 @6 [80 85]
//	fault kill n1 [15 25] bit  a fault in force; or no-effect, or no-evidence; [15 -] was not healed
//	fault kill n1 [15 25] healing=24 bit  the same; healing began at 24
//	fault clock n1 [15 25] isr=1,2->1 bit  the same; evidence, by name
//	isr 1,2 n1 epoch 4 [15 15] what somebody saw of the ISR; "n1", its leader, may be missing
//	final 5=17 6=18            a marker acked and every replica drained, late: what makes a run complete
//	final n2 5=17              the same, but node 2 holds only this
//
// "part 1" after the process puts an op on partition 1.
type script struct {
	t       *testing.T
	config  history.Config
	events  []history.Event
	parts   map[int32]bool
	steps   int
	finals  map[int32]map[int][]history.Record // partition -> node (0: all) -> records
	process int
}

const (
	finalBegin = 1000
	ms         = int64(time.Millisecond)
)

func newScript(t *testing.T, c history.Config) *script {
	return &script{t: t, config: c, parts: map[int32]bool{}, finals: map[int32]map[int][]history.Record{}, process: 100}
}

func (s *script) history(text string) *history.History {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if fields := strings.Fields(line); len(fields) > 0 {
			s.line(fields)
		}
	}
	s.finish()
	slices.SortStableFunc(s.events, func(a, b history.Event) int { return int(a.Time - b.Time) })
	for i := range s.events {
		s.events[i].Index = int64(i)
	}
	return &history.History{
		Header: history.Header{Format: history.Format, Version: history.Version, Run: "script", Config: s.config},
		Events: s.events,
	}
}

func (s *script) line(f []string) {
	switch f[0] {
	case "fault":
		s.fault(f[1:])
	case "isr":
		s.isr(f[1:])
	case "final":
		s.final(f[1:])
	default:
		s.op(f)
	}
}

func (s *script) op(f []string) {
	e := history.Event{Process: s.int(strings.TrimSuffix(f[0], ":")), Topic: "t"}
	f = f[1:]
	if f[0] == "part" {
		e.Partition = int32(s.int(f[1]))
		f = f[2:]
	}
	s.parts[e.Partition] = true
	begin, end := s.span(f)
	e.F = map[string]string{"end": history.EndOffset}[f[0]]
	if e.F == "" {
		e.F = f[0]
	}
	done := e
	done.Type = history.OK
	for i := 1; i < len(f) && !strings.HasPrefix(f[i], "["); i++ {
		switch word := f[i]; {
		case word == "fail" || word == "info":
			done.Type = history.Type(word)
		case word == "sent":
		case word == "from":
			i++
			e.Offset = s.offset(f[i])
		case word == "end":
			i++
			done.End = s.offset(f[i])
		case word == "epoch":
			i++
			epoch := int32(s.int(f[i]))
			done.LeaderEpoch = &epoch
		case strings.HasPrefix(word, "err="):
			done.Error = word[4:]
		case strings.HasPrefix(word, "n"):
			node := s.int(word[1:])
			e.Node, done.Node = &node, &node
		case strings.HasPrefix(word, "@"):
			done.Offset = s.offset(word[1:])
		case strings.Contains(word, "="):
			done.Records = append(done.Records, s.record(word))
		case e.F == history.Send || e.F == history.Marker:
			e.Value, done.Value = int64(s.int(word)), int64(s.int(word))
		default: // an assign's or an end-offset's
			done.Offset = s.offset(word)
			if e.F == history.Assign {
				e.Offset = done.Offset
			}
		}
	}
	e.Type, e.Time = history.Invoke, begin*ms
	s.events = append(s.events, e)
	if end >= 0 {
		done.Time = end * ms
		s.events = append(s.events, done)
	}
}

func (s *script) fault(f []string) {
	s.steps++
	begin, end := s.span(f)
	fault := history.Fault{Step: s.steps, Kind: f[0], Describe: strings.Join(f[:2], " ")}
	for _, n := range strings.Split(f[1], ",") {
		fault.Nodes = append(fault.Nodes, s.int(strings.TrimPrefix(n, "n")))
	}
	e := history.Event{Process: history.NemesisProcess, F: f[0], Type: history.Invoke, Time: begin * ms, Fault: &fault}
	s.events = append(s.events, e)
	if end < 0 {
		return
	}
	healed := fault
	for _, word := range f {
		switch name, value, _ := strings.Cut(word, "="); {
		case value == "":
		case name == "healing":
			healing := int64(s.int(value)) * ms
			healed.Healing = &healing
		default:
			healed.Evidence = map[string]string{name: value}
		}
	}
	switch f[len(f)-1] {
	case "bit":
		yes := true
		healed.Bit = &yes
	case "no-effect":
		no := false
		healed.Bit = &no
	}
	e.Type, e.Time, e.Fault = history.Info, end*ms, &healed
	s.events = append(s.events, e)
}

func (s *script) isr(f []string) {
	at, _ := s.span(f)
	e := history.Event{Process: history.NemesisProcess, F: history.ISR, Type: history.Info, Time: at * ms, Topic: "t"}
	for i, word := range f {
		switch {
		case i == 0:
			for _, n := range strings.Split(word, ",") {
				e.ISR = append(e.ISR, s.int(n))
			}
		case word == "part":
			e.Partition = int32(s.int(f[i+1]))
		case word == "epoch":
			epoch := int32(s.int(f[i+1]))
			e.LeaderEpoch = &epoch
		case strings.HasPrefix(word, "n"):
			leader := s.int(word[1:])
			e.Node = &leader
		}
	}
	s.events = append(s.events, e)
}

func (s *script) final(f []string) {
	part, node := int32(0), 0
	for ; len(f) > 0 && !strings.Contains(f[0], "="); f = f[1:] {
		if f[0] == "part" {
			part = int32(s.int(f[1]))
			f = f[1:]
		} else {
			node = s.int(strings.TrimPrefix(f[0], "n"))
		}
	}
	if s.finals[part] == nil {
		s.finals[part] = map[int][]history.Record{}
	}
	records := []history.Record{}
	for _, word := range f {
		records = append(records, s.record(word))
	}
	s.finals[part][node] = records
}

// finish appends a marker and a complete drain of each replica.
func (s *script) finish() {
	parts := make([]int32, 0, len(s.finals))
	for p := range s.finals {
		parts = append(parts, p)
	}
	slices.Sort(parts)
	for _, p := range parts {
		end := int64(0)
		for _, recs := range s.finals[p] {
			for _, r := range recs {
				end = max(end, r.Offset+1)
			}
		}
		marker := int64(9000 + p)
		s.op(strings.Fields(fmt.Sprintf("%d: part %d marker %d @%d [%d %d]", s.process, p, marker, end, finalBegin, finalBegin+1)))
		for node := 1; node <= max(s.config.ReplicationFactor, 1); node++ {
			s.process++
			records, ok := s.finals[p][node]
			if !ok {
				records = s.finals[p][0]
			}
			line := fmt.Sprintf("%d: part %d drain n%d", s.process, p, node)
			for _, r := range records {
				line += fmt.Sprintf(" %d=%d", r.Offset, r.Value)
			}
			line += fmt.Sprintf(" %d=%d end %d [%d %d]", end, marker, end+1, finalBegin+10, finalBegin+20)
			s.op(strings.Fields(line))
		}
		s.process++
	}
}

func (s *script) span(f []string) (begin, end int64) {
	for i, word := range f {
		if strings.HasPrefix(word, "[") {
			begin = int64(s.int(word[1:]))
			if f[i+1] == "-]" {
				return begin, -1
			}
			return begin, int64(s.int(strings.TrimSuffix(f[i+1], "]")))
		}
	}
	require.FailNow(s.t, "no [begin end]", "%v", f)
	return 0, 0
}

func (s *script) record(word string) history.Record {
	offset, value, _ := strings.Cut(word, "=")
	return history.Record{Offset: int64(s.int(offset)), Value: int64(s.int(value))}
}

func (s *script) offset(word string) *int64 {
	o := int64(s.int(word))
	return &o
}

func (s *script) int(word string) int {
	n, err := strconv.Atoi(word)
	require.NoError(s.t, err)
	return n
}
