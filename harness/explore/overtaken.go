package explore

import (
	"fmt"
	"strings"

	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/workloads"
)

// Overtaken is the class of a log in which a record stands before one that its
// producer sent earlier. An idempotent producer keeps its order, however many
// batches it has in flight and whatever it gave up: in an epoch of the producer by
// their sequence, from one epoch to the next because the older one is fenced
// (KIP-98, KIP-360). What was lost or never taken may be missing.
//
// It takes a simulation to see that: only here is the order in which a producer's
// lanes were called known.
const Overtaken = "overtaken"

// callers are the producers of the sends, by the index of the event that a send
// begins with.
type callers map[int]string

// note hears of an operation, whose event is recorded next. Others than producers
// may send, too, and leave it out.
func (c callers) note(op workloads.Op, next int) {
	if producer, _, isLane := strings.Cut(op.Worker, "/"); isLane && op.F == workloads.Send {
		c[next] = producer
	}
}

// overtaken goes through what was drained of each replica. Values count up in the
// order of the calls.
func (c callers) overtaken(events []history.Event) Failure {
	sender := map[int64]string{}
	for i, producer := range c {
		sender[events[i].Value] = producer
	}
	type line struct {
		node      int
		topic     string
		partition int32
		producer  string
	}
	last := map[line]history.Record{}
	for _, e := range events {
		if e.F != history.Drain || e.Type == history.Invoke {
			continue
		}
		for _, r := range e.Records {
			producer, sent := sender[r.Value]
			if !sent {
				continue // a marker, or made up
			}
			at := line{*e.Node, e.Topic, e.Partition, producer}
			if before, ok := last[at]; ok && before.Offset < r.Offset && before.Value > r.Value {
				return Failure{Class: Overtaken, Promised: true, Reason: fmt.Sprintf(
					"%s sent value %d before %d, which stands before it in %s-%d on node %d: offsets %d and %d",
					producer, r.Value, before.Value, e.Topic, e.Partition, *e.Node, r.Offset, before.Offset)}
			}
			last[at] = r
		}
	}
	return Failure{}
}
