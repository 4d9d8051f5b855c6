package explore

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// stormy is a case with many faults, clients, partitions, and rough weather.
func stormy(faults int) Case {
	c := calm(1)
	c.Name, c.Partitions = "stormy", 3
	c.Clients = Clients{Producers: 3, Lanes: 3, Consumers: 2, Probers: 2, Rate: 60, ReadEvery: 100}
	c.Weather = sim.Weather{Jitter: 300, Slow: 20, SlowFor: 50, Lost: 2, Drift: 10}
	draw := rand.New(rand.NewPCG(1, 2))
	kinds := []nemesis.Fault{
		{Kind: nemesis.Partition, Shape: nemesis.Isolate}, {Kind: nemesis.Partition, Shape: nemesis.OneWayIn},
		{Kind: nemesis.Kill}, {Kind: nemesis.Pause}, {Kind: nemesis.SkewClock, Clock: nemesis.Clock{Offset: 1000}},
	}
	targets := []nemesis.Target{nemesis.Leader, nemesis.Controller, nemesis.Follower, nemesis.Followers, nemesis.Node(2)}
	for i := range faults {
		f := kinds[draw.IntN(len(kinds))]
		f.Target = targets[draw.IntN(len(targets))]
		c.Schedule.Steps = append(c.Schedule.Steps, nemesis.Step{
			ID: i + 1, At: nemesis.Millis(1000 + 1000*i), For: nemesis.Millis(200 + draw.IntN(2500)), Fault: f,
		})
	}
	c.Schedule.Length = nemesis.Millis(1000*faults + 5000)
	return c
}

func TestAPlantedBugIsShrunkToWhatItTakes(t *testing.T) {
	c := stormy(30)
	c.Mutant = "ack-on-append"
	before, err := Simulate(c, Look{})
	require.NoError(t, err)
	require.NotEmpty(t, before.Failure.Class)

	passes, asked := 0, 0
	s, err := Shrink(c, Shrinking{
		Tell: func(Pass) { passes++ },
		Over: func() bool { asked++; return asked > 10_000 }, // a test must end
	})
	require.NoError(t, err)
	require.Equal(t, 30, s.Before.Faults)
	require.Greater(t, s.Before.Ops, 1000)
	require.LessOrEqual(t, s.After.Faults, 5)
	require.LessOrEqual(t, s.After.Ops, 20)
	require.Equal(t, 1, s.After.Partitions)
	require.Equal(t, before.Failure.Class, s.Outcome.Failure.Class)
	require.Equal(t, before.Failure.Promised, s.Outcome.Failure.Promised)
	require.False(t, s.Cut)
	require.Positive(t, passes)

	again, err := Simulate(s.Case, Look{})
	require.NoError(t, err)
	require.Equal(t, s.Case.Expect, again.Expectation(), "what was written down is what happens")
}

func TestShrinkingIsDeterministic(t *testing.T) {
	c := isolatedLeader(1)
	c.Mutant = "ack-on-append"
	first, err := Shrink(c, Shrinking{})
	require.NoError(t, err)
	second, err := Shrink(c, Shrinking{})
	require.NoError(t, err)
	require.Equal(t, first.Case, second.Case)
	require.Equal(t, first.Tried, second.Tried)
}

func TestWithoutTimeTheCaseStaysAsItIs(t *testing.T) {
	c := isolatedLeader(1)
	c.Mutant = "ack-on-append"
	s, err := Shrink(c, Shrinking{Over: func() bool { return true }})
	require.NoError(t, err)
	require.True(t, s.Cut)
	require.Equal(t, -1, s.Firm, "nobody asked")
	require.Equal(t, c.Schedule, s.Case.Schedule)
	require.Equal(t, "unseen", s.Case.Expect.Failure)
}

func TestWhatDoesNotFailIsNotShrunk(t *testing.T) {
	_, err := Shrink(calm(1), Shrinking{})
	require.ErrorIs(t, err, ErrNoFailure)
	c := calm(1)
	c.Partitions = 0
	_, err = Shrink(c, Shrinking{})
	require.ErrorContains(t, err, "partitions is 0")
}

// In a case with Liveness the fault that stays is the question.
func TestTheFaultThatStaysStays(t *testing.T) {
	c := isolatedLeader(1)
	c.Liveness = true
	s := newShrinker(c, Failure{}, 0, Shrinking{}, &crew{}) // fails as nothing does
	require.False(t, s.try(c.until(500)), "without it")
	require.False(t, s.try(c.aimed(nemesis.Followers)), "another one")
	require.True(t, s.try(c.until(6000)), "the same one, and the failure is the same, which is none")
}

// Whatever is not needed goes, one after the other.
func TestWhatIsNotNeededIsPutBack(t *testing.T) {
	c := calm(1)
	c.Times.Retention, c.Times.Recovery, c.Config.RetentionBytes = 100, 300, 1<<30
	c.SegmentBytes, c.FetchBytes, c.SnapshotEvery = 4096, 1000, 12
	c.Clients.Retry, c.Clients.Delivery = 20, 1500
	c.Schedule.Steps = []nemesis.Step{
		{ID: 1, At: 500, For: 1000, Upon: nemesis.ISRChanged, Later: 100, Fault: nemesis.Fault{Kind: nemesis.Kill, Target: nemesis.Leader}},
		{ID: 2, At: 500, For: 1000, Fault: nemesis.Fault{
			Kind: nemesis.Partition, Target: nemesis.Leader, Shape: nemesis.Isolate, Peer: nemesis.Controller,
		}},
	}
	s := newShrinker(c, Failure{}, 0, Shrinking{}, &crew{}) // fails as nothing does
	s.usualTimes()
	s.simplerFaults()
	usual := calm(1)
	usual.Schedule.Steps = slices.Clone(c.Schedule.Steps)
	usual.Schedule.Steps[0].Upon, usual.Schedule.Steps[0].Later, usual.Schedule.Steps[1].Fault.Peer = "", 0, ""
	usual.Seed = s.best.Seed // another one may have done as well
	require.Equal(t, usual, s.best)
}

// TestTenantsStayWithOnePartition: their topics have one of their own.
func TestTenantsStayWithOnePartition(t *testing.T) {
	c := calm(1)
	c.Partitions, c.Clients.Tenants = 2, 1
	c.Plan = []workloads.Op{
		{At: 100, Worker: "producer 0/0", F: workloads.Send}, {At: 200, Worker: "producer 0/1", F: workloads.Send, Partition: 1},
		{At: 300, Worker: "tenant 0", F: workloads.Create}, {At: 400, Worker: "tenant 0", F: workloads.Send},
	}
	var plans [][]workloads.Op
	for only := range c.onePartition() {
		require.NoError(t, only.Validate())
		plans = append(plans, only.Plan)
	}
	require.Len(t, plans, 6, "everything, and either partition, each aimed at the leader as well")
	require.Equal(t, []string{"producer 0/1", "tenant 0", "tenant 0"}, []string{plans[4][0].Worker, plans[4][1].Worker, plans[4][2].Worker})
	require.Len(t, plans[4], 3)
}

// What clients did, written down, is done again.
func TestAWrittenPlanIsTheSameRun(t *testing.T) {
	c := isolatedLeader(3)
	var plan []workloads.Op
	drawn, err := Simulate(c, Look{Performed: func(op workloads.Op) { plan = append(plan, op) }})
	require.NoError(t, err)
	c.Plan = plan
	written, err := Simulate(c, Look{})
	require.NoError(t, err)
	require.Equal(t, drawn.Result.Metrics.Sends, written.Result.Metrics.Sends)
}

func TestWorkersAreCountedFromZero(t *testing.T) {
	c := calm(1)
	c.Clients = Clients{Producers: 5, Lanes: 4, Consumers: 3, Probers: 3, Rate: 1, ReadEvery: 1}
	for _, worker := range []string{"producer 3/2", "prober 2", "producer 3/1", "producer 1/2"} {
		c.Plan = append(c.Plan, workloads.Op{Worker: worker})
	}
	c = c.compact()
	var names []string
	for _, op := range c.Plan {
		names = append(names, op.Worker)
	}
	require.Equal(t, []string{"producer 0/0", "prober 0", "producer 0/1", "producer 1/0"}, names)
	require.Equal(t, Clients{Producers: 2, Lanes: 2, Consumers: 0, Probers: 1, Rate: 1, ReadEvery: 1}, c.Clients)
}
