package explore

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/workloads"
)

// TestAProducerKeepsItsOrder reads the values that two producers have sent, 1, 2 and
// 4 by one of them and 3 by the other.
func TestAProducerKeepsItsOrder(t *testing.T) {
	c := callers{}
	var sends []history.Event
	for i, worker := range []string{"producer 0/0", "producer 0/1", "producer 1/0", "producer 0/0"} {
		c.note(workloads.Op{Worker: worker, F: workloads.Send}, len(sends))
		c.note(workloads.Op{Worker: "tenant 0", F: workloads.Send}, len(sends)+1)
		sends = append(sends, history.Event{F: history.Send, Type: history.Invoke, Value: int64(i + 1)})
	}
	for value := int64(2); value <= 3; value++ { // a tenant without a topic sends nothing: what comes next is another's
		c.note(workloads.Op{Worker: "tenant 0", F: workloads.Send}, len(sends))
		sends = append(sends, history.Event{F: history.Send, Type: history.OK, Value: value})
	}
	node := 2
	drained := func(base int64, values ...int64) history.Event {
		e := history.Event{F: history.Drain, Type: history.OK, Topic: Topic, Node: &node}
		for i, v := range values {
			e.Records = append(e.Records, history.Record{Offset: base + int64(i), Value: v})
		}
		return e
	}
	for _, row := range []struct {
		name   string
		drains []history.Event
		broken bool
	}{
		{"in order, with a marker", []history.Event{drained(0, 1, 2, 3, 77, 4)}, false},
		{"one producer's among the other's", []history.Event{drained(0, 3, 1, 2, 4)}, false},
		{"one between the other's", []history.Event{drained(0, 1, 3, 2, 4)}, false},
		{"one is missing", []history.Event{drained(0, 1, 4)}, false},
		{"read once more from the start", []history.Event{drained(0, 1, 2), drained(0, 1, 2)}, false},
		{"the second came first", []history.Event{drained(0, 2, 1, 3)}, true},
		{"across two answers", []history.Event{drained(0, 1, 4), drained(2, 2)}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := c.overtaken(append(slices.Clip(sends), row.drains...))
			if !row.broken {
				require.Equal(t, Failure{}, got)
				return
			}
			require.Equal(t, Overtaken, got.Class)
			require.True(t, got.Promised)
			require.Contains(t, got.Reason, "producer 0 sent value ")
		})
	}
}

// TestStepsThatWaitLastLongEnough to see their event, but not beyond the clients.
func TestStepsThatWaitLastLongEnough(t *testing.T) {
	waiting := 0
	for seed := range uint64(60) {
		c := drawProfile(seed, Bounds{}).Draw(seed)
		require.NoError(t, c.Validate())
		for _, s := range c.Schedule.Steps {
			if s.Upon != "" {
				waiting++
				require.True(t, s.For >= uponAtLeast || s.At+s.For > DefaultLength-uponAtLeast, s)
			}
		}
	}
	require.Greater(t, waiting, 100)
}
