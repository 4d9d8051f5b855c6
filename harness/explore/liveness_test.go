package explore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// bug keeps followers that fetch no more in the ISR, so that nothing is
// acknowledged. One that the controller misses too, it takes out by itself.
const bug = "isr-never-shrinks"

// lostFollower is a case in which the leader and a follower lose each other, and
// both see the controller: the leader must go on without it.
func lostFollower(mutant string) Case {
	c := calm(5)
	c.Name, c.Mutant, c.Liveness = "lost follower", mutant, true
	c.Schedule.Length = 19_000
	c.Schedule.Steps = []nemesis.Step{{ID: 1, At: 1000, For: 18_000, Fault: nemesis.Fault{
		Kind: nemesis.Partition, Shape: nemesis.Pair, Target: nemesis.Leader,
	}}}
	return c
}

func TestAMajorityMustMakeProgress(t *testing.T) {
	out, err := Simulate(lostFollower(""), Look{BlackBox: true})
	require.NoError(t, err)
	require.Equal(t, Failure{}, out.Failure)

	out, err = Simulate(lostFollower(bug), Look{BlackBox: true})
	require.NoError(t, err)
	require.Equal(t, NoProgress, out.Failure.Class, out.Failure)
	require.True(t, out.Failure.Promised)

	forgiven := lostFollower(bug)
	forgiven.Liveness = false
	out, err = Simulate(forgiven, Look{BlackBox: true})
	require.NoError(t, err)
	require.NotEqual(t, NoProgress, out.Failure.Class, "nobody has asked for it")
}

// A node that goes away before the ISR is whole again owes nothing.
func TestProgressNeedsCalmBefore(t *testing.T) {
	c := lostFollower(bug)
	c.Schedule.Length = 22_000
	early := nemesis.Step{ID: 2, At: 500, For: 1000, Fault: nemesis.Fault{Kind: nemesis.Pause, Target: nemesis.Follower}}
	c.Schedule.Steps[0].At = 4000
	c.Schedule.Steps = append([]nemesis.Step{early}, c.Schedule.Steps...)
	out, err := Simulate(c, Look{BlackBox: true})
	require.NoError(t, err)
	require.NotEqual(t, NoProgress, out.Failure.Class)
}

// TestATopicThatIsMadeMeanwhileMustTakeWrites: the node that stays away is named as
// the first of its replicas.
func TestATopicThatIsMadeMeanwhileMustTakeWrites(t *testing.T) {
	c := calm(5)
	c.Name, c.Liveness, c.Schedule.Nodes = "made meanwhile", true, 5
	c.Schedule.Length = 19_000
	c.Schedule.Steps = []nemesis.Step{{ID: 1, At: 1000, For: 18_000, Fault: nemesis.Fault{
		Kind: nemesis.Kill, Target: nemesis.Node(5),
	}}}
	c.Clients.Tenants = 1
	c.Plan = []workloads.Op{
		{At: 4000, Worker: "tenant 0", F: workloads.Create, Lead: 5},
		{At: 10_500, Worker: "tenant 0", F: workloads.Send}, {At: 13_000, Worker: "tenant 0", F: workloads.Send},
	}
	out, err := Simulate(c, Look{BlackBox: true})
	require.NoError(t, err)
	require.Equal(t, Failure{}, out.Failure)

	c.Mutant = "new-partition-on-fenced"
	out, err = Simulate(c, Look{BlackBox: true})
	require.NoError(t, err)
	require.Equal(t, NoProgress, out.Failure.Class, out.Failure)
	require.Contains(t, out.Failure.Reason, "6 sends to log-tenant-0#1-0")

	c.Plan = c.Plan[:2]
	out, err = Simulate(c, Look{BlackBox: true})
	require.NoError(t, err)
	require.NotEqual(t, NoProgress, out.Failure.Class, "it was given up after 2 s")
}
