package explore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/invariant"
	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// calm is a case in which nothing goes wrong.
func calm(seed uint64) Case {
	return Case{
		Format: Format, Version: Version, Name: "calm", Seed: seed,
		Config: history.Config{
			Acks: "all", MinISR: 2, ReplicationFactor: 3, Flush: "never", Idempotent: true,
		},
		Partitions: 1,
		Clients:    Clients{Producers: 1, Lanes: 2, Consumers: 1, Probers: 1, Rate: 20, ReadEvery: 100},
		Times:      sim.DefaultTimes(),
		Schedule: nemesis.Schedule{
			Format: nemesis.Format, Version: nemesis.Version, Name: "none", Nodes: 3, Length: 3000, Steps: []nemesis.Step{},
		},
	}
}

// isolatedLeader is the classic: a leader that answers alone is cut off.
func isolatedLeader(seed uint64) Case {
	c := calm(seed)
	c.Name = "isolated leader"
	c.Schedule.Length = 8000
	c.Schedule.Steps = []nemesis.Step{{ID: 1, At: 1000, For: 4000, Fault: nemesis.Fault{
		Kind: nemesis.Partition, Target: nemesis.Leader, Shape: nemesis.Isolate,
	}}}
	return c
}

func TestACalmDayIsJudgedOK(t *testing.T) {
	out, err := Simulate(calm(1), Look{SecondOpinion: true})
	require.NoError(t, err)
	require.Equal(t, Failure{}, out.Failure)
	require.Greater(t, out.Result.Metrics.Acked, 40)
}

func TestAPlantedBugIsCaughtAndTheBrokerIsNotAccused(t *testing.T) {
	out, err := Simulate(isolatedLeader(1), Look{SecondOpinion: true})
	require.NoError(t, err)
	require.Equal(t, Failure{}, out.Failure)

	planted := isolatedLeader(1)
	planted.Mutant = "ack-on-append"
	out, err = Simulate(planted, Look{SecondOpinion: true})
	require.NoError(t, err)
	require.True(t, out.Failure.Promised)
	require.Equal(t, "unseen", out.Failure.Class)
}

// TestTheLookInsideSeesWhatNoClientDoes: a leader does without a follower before
// the controller says so, and comes through.
func TestTheLookInsideSeesWhatNoClientDoes(t *testing.T) {
	planted := isolatedLeader(1)
	planted.Mutant = "isr-shrunk-locally"
	planted.Schedule.Steps[0].Fault.Target = nemesis.Follower
	planted.Times.Lag = planted.Times.Session / 2
	outside, err := Simulate(planted, Look{BlackBox: true})
	require.NoError(t, err)
	require.Equal(t, Failure{}, outside.Failure)
	require.Empty(t, outside.Problems)

	inside, err := Simulate(planted, Look{})
	require.NoError(t, err)
	require.True(t, inside.Failure.Promised)
	require.Equal(t, Inside+string(invariant.ISRBeyondMaximal), inside.Failure.Class)
	require.Equal(t, outside.Hash, inside.Hash, "who looks on changes nothing")
}

// TestEqualCasesAreEqualRuns: they are so too if somebody looks on.
func TestEqualCasesAreEqualRuns(t *testing.T) {
	hashes := map[uint64]bool{}
	for seed := uint64(1); seed <= 5; seed++ {
		first, err := Simulate(isolatedLeader(seed), Look{})
		require.NoError(t, err)
		second, err := Simulate(isolatedLeader(seed), Look{BlackBox: true})
		require.NoError(t, err)
		require.Equal(t, first.Hash, second.Hash)
		require.Equal(t, first.History.Events, second.History.Events)
		hashes[first.Hash] = true
	}
	require.Len(t, hashes, 5, "different seeds must differ, or the hash sees nothing")
}

// TestADenseScheduleKeepsItsTimes: no fault waits until those before it were
// looked into, not even where no broker answers.
func TestADenseScheduleKeepsItsTimes(t *testing.T) {
	c := calm(1)
	c.Schedule.Length = 6000
	for i := range 40 {
		c.Schedule.Steps = append(c.Schedule.Steps, nemesis.Step{
			ID: i + 1, At: nemesis.Millis(500 + 60*i), For: 700, Fault: []nemesis.Fault{
				{Kind: nemesis.Partition, Target: nemesis.Leader, Shape: nemesis.Isolate, Clients: true},
				{Kind: nemesis.Pause, Target: nemesis.Follower},
				{Kind: nemesis.Kill, Target: nemesis.Controller},
			}[i%3],
		})
	}
	out, err := Simulate(c, Look{})
	require.NoError(t, err)
	require.Equal(t, Failure{}, out.Failure)
	_, first := windowOf(out.History.Events, 1)
	for i, step := range c.Schedule.Steps {
		_, healed := windowOf(out.History.Events, step.ID)
		require.Equal(t, time.Duration(60*i)*time.Millisecond, time.Duration(healed-first), "step %d", step.ID)
	}
}
