package explore

import (
	"fmt"
	"time"

	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// A cluster that loses nothing because it does nothing keeps every promise but
// one. In a case with Liveness all faults are over when the last one begins,
// which takes one node away and lasts: what is left is a healthy majority, and it
// has to acknowledge writes.

// NoProgress is the class of a majority that does not.
const NoProgress = "no-progress"

const (
	// stays is how long the last fault is in force, and patience how long the
	// majority may take to get going: sessions end, leaders are elected, followers
	// leave the ISR, clients find out.
	stays    = nemesis.Millis(18_000)
	patience = 9 * time.Second
	// settles is how long a topic that is made meanwhile may take: a follower that
	// cannot follow leaves the ISR within one and a half times the lag.
	settles = 6 * time.Second
	// answer is how long a send may take by then, as its client may still have to
	// find out who leads: one that begins later says nothing, nor do those that were
	// all given up earlier.
	answer = 4 * time.Second
	// calmBefore is between the faults and the last one: so long that the ISR is
	// whole again, and a node may be missing.
	calmBefore = nemesis.Millis(8_000)
	// whole is how much of that must really have been calm.
	whole = 6 * time.Second
)

// withLastFault adds the fault that stays to a schedule.
func withLastFault(s nemesis.Schedule, r dice) nemesis.Schedule {
	last := pick(r,
		nemesis.Fault{Kind: nemesis.Kill, Target: nemesis.Leader},
		nemesis.Fault{Kind: nemesis.Kill, Target: nemesis.Follower},
		nemesis.Fault{Kind: nemesis.Pause, Target: nemesis.Leader},
		nemesis.Fault{Kind: nemesis.Partition, Shape: nemesis.Isolate, Target: nemesis.Leader},
		nemesis.Fault{Kind: nemesis.Partition, Shape: nemesis.Pair, Target: nemesis.Leader},
		nemesis.Fault{Kind: nemesis.Partition, Shape: nemesis.Pair, Target: nemesis.Follower},
		nemesis.Fault{Kind: nemesis.Partition, Shape: nemesis.OneWayIn, Target: nemesis.Follower},
		nemesis.Fault{Kind: nemesis.Partition, Shape: nemesis.Isolate, Target: nemesis.Controller},
	)
	at := s.Length + calmBefore
	s.Length = at + stays
	s.Steps = append(s.Steps, nemesis.Step{ID: len(s.Steps) + 1, At: at, For: stays, Fault: last})
	return s
}

// progress looks for a partition that acknowledged nothing in the last part of
// the last fault, although somebody tried.
func (c Case) progress(events []history.Event) Failure {
	if !c.Liveness || len(c.Schedule.Steps) == 0 {
		return Failure{}
	}
	last := c.Schedule.Steps[len(c.Schedule.Steps)-1]
	from, to := windowOf(events, last.ID)
	for _, step := range c.Schedule.Steps {
		if _, healed := windowOf(events, step.ID); step.ID != last.ID && from-healed < int64(whole) {
			return Failure{} // a fault that waited for its role took more time than it was given
		}
	}
	from += int64(patience)
	for _, l := range efforts(events, from, to) {
		if l.tried > 1 && l.acked == 0 && l.ended-l.began >= int64(answer) {
			return Failure{Class: NoProgress, Promised: true, Reason: fmt.Sprintf(
				"%d sends to %s-%d from %v to %v, with all but one node healthy for %v before, and none was acked",
				l.tried, l.topic, l.partition, time.Duration(max(from, l.from)), time.Duration(to), patience)}
		}
	}
	return Failure{}
}

// effort is what was tried with one log, and what came of it.
type effort struct {
	topic        string
	partition    int32
	from         int64 // what was sent earlier does not count
	tried, acked int
	// began is when the first was tried, and ended when the last was given up, if any
	// was: clients that are less patient have to try again.
	began, ended int64
	open         map[int]bool // the processes that are trying
}

// efforts are those of a time, of the logs in the order in which they were met.
func efforts(events []history.Event, from, to int64) (logs []*effort) {
	of := func(e history.Event) *effort {
		for _, l := range logs {
			if l.topic == e.Topic && l.partition == e.Partition {
				return l
			}
		}
		l := &effort{topic: e.Topic, partition: e.Partition}
		logs = append(logs, l)
		return l
	}
	for _, e := range events {
		switch {
		case e.Time > to:
		case e.F == history.CreateTopic && e.Type == history.OK:
			of(e).from = e.Time + int64(settles)
		case e.F != history.Send || e.Time < max(from, of(e).from):
		case e.Type == history.Invoke && e.Time < to-int64(answer):
			of(e).try(e)
		case e.Type == history.OK:
			of(e).acked++
		case of(e).open[e.Process]:
			of(e).giveUp(e)
		}
	}
	for _, l := range logs {
		if len(l.open) > 0 {
			l.ended = to
		}
	}
	return logs
}

func (l *effort) try(e history.Event) {
	if l.tried++; l.tried == 1 {
		l.began, l.open = e.Time, map[int]bool{}
	}
	l.open[e.Process] = true
}

func (l *effort) giveUp(e history.Event) {
	l.ended = e.Time
	delete(l.open, e.Process)
}

// windowOf is when a step began and healed; it is empty if it did not.
func windowOf(events []history.Event, step int) (from, to int64) {
	for _, e := range events {
		switch {
		case e.Fault == nil || e.Fault.Step != step:
		case e.Type == history.Invoke:
			from = e.Time
		default:
			to = e.Time
			if e.Fault.Healing != nil {
				to = *e.Fault.Healing
			}
		}
	}
	return from, to
}
