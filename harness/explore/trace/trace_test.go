package trace_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/harness/explore"
	"github.com/ackproof/ackproof/harness/explore/trace"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// eventful is a case in which most of what can happen does.
func eventful() explore.Case {
	step := func(id int, at, length nemesis.Millis, f nemesis.Fault) nemesis.Step {
		return nemesis.Step{ID: id, At: at, For: length, Fault: f}
	}
	return explore.Case{
		Format: explore.Format, Version: explore.Version, Name: "eventful", Seed: 2,
		Config:     history.Config{Acks: "all", MinISR: 2, ReplicationFactor: 3, Flush: "never", Idempotent: true},
		Partitions: 2,
		Clients:    explore.Clients{Producers: 1, Lanes: 2, Consumers: 1, Probers: 1, Rate: 20, ReadEvery: 100},
		Times:      sim.DefaultTimes(),
		Schedule: nemesis.Schedule{
			Format: nemesis.Format, Version: nemesis.Version, Name: "eventful", Nodes: 5, Length: 16000,
			Steps: []nemesis.Step{
				step(1, 1000, 3000, nemesis.Fault{Kind: nemesis.Partition, Shape: nemesis.Isolate, Target: nemesis.Leader}),
				step(2, 5000, 4000, nemesis.Fault{Kind: nemesis.Kill, Target: nemesis.Followers}),
				step(3, 11000, 2000, nemesis.Fault{Kind: nemesis.Partition, Shape: nemesis.OneWayIn, Target: nemesis.Leader}),
			},
		},
	}
}

func traced(t *testing.T, f trace.Filter) []trace.Line {
	t.Helper()
	var lines []trace.Line
	_, err := explore.Simulate(eventful(), explore.Look{Trace: trace.New(f, func(l trace.Line) { lines = append(lines, l) })})
	require.NoError(t, err)
	return lines
}

var everything = trace.Filter{Partition: trace.NoPartition}

func TestWhatMattersIsTold(t *testing.T) {
	lines := traced(t, everything)
	for _, beginning := range []string{
		"starts", "dies", "controls", "registered broker_epoch=", "fenced=false",
		"decided: node 1 is registered, broker epoch ", "decided: node 1 is fenced", "decided: node 1 is unfenced",
		"decided: log-0 leader=", "role=leader partition=log-0", "role=follower partition=log-1", "truncate partition=log-0",
		"propose partition=log-0", "isr partition=log-0", "hw log-0 0 -> ",
		"produce log-0 acks=all values=[", "refuses to produce log-0: ",
		"fetch log-0 from node ", "fetch from node ", "AlterPartition from node ", "sends AlterPartition to node ",
		"AlterPartition answered by node ", "acked: value 1 is at offset 0 of log-", "acked: marker ",
		"read log-0: 0=", "end of log-0 is ", "drained log-0 from node 1: ",
		"isolate leader (1)", "healed: isolate leader (1)", "creating the topic", "hurting", "recovering",
	} {
		require.True(t, slices.ContainsFunc(lines, func(l trace.Line) bool { return strings.HasPrefix(l.Text, beginning) }),
			"no line begins with %q", beginning)
	}
	require.True(t, slices.ContainsFunc(lines, func(l trace.Line) bool { return strings.Contains(l.Text, "diverging, epoch 0 ends at ") }))
	require.True(t, slices.IsSortedFunc(lines, func(a, b trace.Line) int { return int(a.Time - b.Time) }))
}

func TestWhatIsIdleIsToldIfAsked(t *testing.T) {
	all := everything
	all.All = true
	lines := traced(t, all)
	require.Greater(t, len(lines), 5*len(traced(t, everything)))
	require.True(t, slices.ContainsFunc(lines, func(l trace.Line) bool { return strings.HasPrefix(l.Text, "raft-message") }))
}

func TestATraceIsNarrowed(t *testing.T) {
	whole := traced(t, everything)

	until := everything
	until.Until.Event = whole[len(whole)/2].Event
	for i, l := range traced(t, until) {
		require.Equal(t, whole[i], l)
		require.LessOrEqual(t, l.Event, until.Until.Event)
	}

	until = everything
	until.Until.Time = time.Duration(whole[len(whole)/2].Time).Round(100 * time.Microsecond) // as the line shows it
	narrowed := traced(t, until)
	require.GreaterOrEqual(t, len(narrowed), len(whole)/2+1, "the last moment is told, too")
	require.Less(t, len(narrowed), len(whole))
	require.Equal(t, whole[:len(narrowed)], narrowed)
	require.NotEqual(t, until.Until.Time, time.Duration(whole[len(narrowed)].Time).Round(100*time.Microsecond))

	node := everything
	node.Node = 2
	narrowed = traced(t, node)
	require.Less(t, len(narrowed), len(whole))
	for _, l := range narrowed {
		require.True(t, l.Who == trace.Nemesis || l.Who == trace.Stage || slices.Contains(l.Nodes, 2), "%v", l)
	}

	narrowed = traced(t, trace.Filter{Partition: 1})
	require.Less(t, len(narrowed), len(whole))
	for _, l := range narrowed {
		require.NotContains(t, l.Text, "log-0 leader=")
		require.Contains(t, []int32{1, trace.NoPartition}, l.Partition, "%v", l)
	}
}

func TestABrokenInvariantIsToldWhereItBreaks(t *testing.T) {
	c := eventful()
	c.Mutant = "ack-on-append"
	for _, blackBox := range []bool{false, true} {
		var lines []trace.Line
		look := explore.Look{BlackBox: blackBox, Trace: trace.New(everything, func(l trace.Line) { lines = append(lines, l) })}
		_, err := explore.Simulate(c, look)
		require.NoError(t, err)
		i := slices.IndexFunc(lines, func(l trace.Line) bool { return strings.HasPrefix(l.Text, "BROKEN: acked-uncommitted: ") })
		if blackBox {
			require.Negative(t, i, "nobody looks inside")
			continue
		}
		require.Positive(t, i)
		require.Regexp(t, "^produce log-[01] acks=all", lines[i-1].Text)
		require.Equal(t, lines[i-1].Event, lines[i].Event)
	}
}

func TestLookingChangesNothing(t *testing.T) {
	blind, err := explore.Simulate(eventful(), explore.Look{})
	require.NoError(t, err)
	look := explore.Look{Trace: trace.New(trace.Filter{All: true}, func(trace.Line) {})}
	seen, err := explore.Simulate(eventful(), look)
	require.NoError(t, err)
	require.Equal(t, blind.Hash, seen.Hash)
	require.Equal(t, blind.Failure, seen.Failure)
}

func TestALineIsReadable(t *testing.T) {
	l := trace.Line{At: sim.At{Event: 42, Time: 1_234_500_000}, Who: "node 1", Text: "starts"}
	require.Equal(t, "   1.2345s  node 1   starts", l.String())
	require.Equal(t, "     42    1.2345s  node 1   starts", l.Numbered())
}
