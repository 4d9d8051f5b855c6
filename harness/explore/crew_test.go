package explore

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/workloads"
)

// crewOf is a crew of so many worker processes.
func crewOf(t *testing.T, jobs int) *crew {
	t.Helper()
	c, err := hireCrew(explorer(t, jobs).Worker, jobs, orders{})
	require.NoError(t, err)
	t.Cleanup(c.end)
	return c
}

// asked are cases that take a long and a short time by turns, so that answers
// overtake each other.
func asked(n int) (all []job) {
	for i := range n {
		c := calm(uint64(i))
		if i%2 == 0 {
			c = isolatedLeader(uint64(i))
		}
		all = append(all, job{Seed: uint64(i), Case: &c})
	}
	return all
}

func TestAnswersAreHeardInOrder(t *testing.T) {
	c := crewOf(t, 3)
	var heard []uint64
	enough := uint64(4)
	hear := func(j job, f finding) bool {
		require.Equal(t, j.Seed, f.Seed, "the answer to this question")
		heard = append(heard, j.Seed)
		return j.Seed == enough
	}
	require.NoError(t, c.ask(slices.Values(asked(8)), hear))
	require.Equal(t, []uint64{0, 1, 2, 3, 4}, heard, "and no more than is enough")

	// What was asked ahead and is of no interest any more is not mistaken for
	// another answer.
	heard, enough = nil, 99
	require.NoError(t, c.ask(slices.Values(asked(5)), hear))
	require.Equal(t, []uint64{0, 1, 2, 3, 4}, heard)
}

func TestShrinkingComesToTheSameWithAnyNumberOfWorkers(t *testing.T) {
	c := stormy(8)
	c.Mutant = "ack-on-append"
	alone, err := Shrink(c, Shrinking{})
	require.NoError(t, err)
	require.Less(t, alone.After.Faults, alone.Before.Faults)
	crowd, err := Shrink(c, Shrinking{Worker: explorer(t, 3).Worker, Jobs: 3})
	require.NoError(t, err)
	require.Equal(t, alone.Case, crowd.Case)
	require.Equal(t, alone.Tried, crowd.Tried)
	require.Equal(t, alone.Firm, crowd.Firm)
}

// What is offered twice is asked once, also where the second time comes before the
// first answer.
func TestWhatIsOfferedTwiceIsTriedOnce(t *testing.T) {
	best := isolatedLeader(1)
	idle := best
	idle.Plan = []workloads.Op{}
	for _, crew := range []*crew{{}, crewOf(t, 2)} {
		s := newShrinker(best, Failure{Class: "unseen", Promised: true}, cheap, Shrinking{}, crew) // of the cost of one seed
		require.Equal(t, -1, s.first(slices.Values([]Case{idle, idle, idle})))
		require.NoError(t, s.err)
		require.Equal(t, 1, s.tried)
	}
}

func TestAWorkerThatIsGoneEndsTheShrinking(t *testing.T) {
	c := isolatedLeader(1)
	c.Mutant = "ack-on-append"
	_, err := Shrink(c, Shrinking{Worker: []string{"false"}, Jobs: 2})
	require.ErrorContains(t, err, "explore: a worker ")
}

func TestADenseCaseIsFoundForABug(t *testing.T) {
	like := isolatedLeader(1)
	like.Mutant, like.Expect = "ack-on-append", &Expectation{Failure: "unseen"}
	e := explorer(t, 2)
	found, err := e.FindDense(t.Context(), like, time.Hour)
	require.NoError(t, err)
	require.NotNil(t, found)
	require.GreaterOrEqual(t, len(found.Schedule.Steps), DenseFaults)
	out, err := Simulate(*found, Look{BlackBox: true})
	require.NoError(t, err)
	require.Equal(t, Failure{Class: "unseen", Promised: true}, Failure{Class: out.Failure.Class, Promised: out.Failure.Promised})
	require.Equal(t, like.Config.MinISR, found.Config.MinISR)

	none, err := e.FindDense(t.Context(), like, 0)
	require.NoError(t, err)
	require.Nil(t, none, "without time there is none")
}
