package explore

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

// TestMomentsAreDrawn where no data is taken from a disk, and fit into their cases.
func TestMomentsAreDrawn(t *testing.T) {
	profiles, dealt := 0, 0
	for seed := range uint64(1000) {
		p := drawProfile(seed, Bounds{})
		if len(p.moments.upon) == 0 {
			continue
		}
		profiles++
		require.False(t, slices.ContainsFunc(p.cards, card.takesData))
		require.EqualValues(t, 1, p.parts)
		require.GreaterOrEqual(t, p.times.Lag, p.times.FetchWait+soon)
		c := p.Draw(seed)
		require.NoError(t, c.Validate())
		dealt += len(slices.DeleteFunc(slices.Clone(c.Schedule.Steps), func(s nemesis.Step) bool {
			return s.Fault.Target != nemesis.Laggard || s.Fault.Peer != nemesis.Leader
		}))
	}
	require.Greater(t, profiles, 40)
	require.Greater(t, dealt, profiles)
}

// TestAMomentConvicts: a follower rejoins and loses its leader at once, which hears
// nothing of what the controller makes of it, and gives the request up. Whoever takes
// that for a refusal acknowledges what the follower lacks that is elected then.
func TestAMomentConvicts(t *testing.T) {
	late := drawProfile(1, Bounds{})
	late.moments = moments{
		upon: []nemesis.Event{nemesis.ISRProposed}, relapse: true, lost: nemesis.Isolate, blind: true, later: 900,
		ends: []nemesis.Fault{{Kind: nemesis.Elect, Target: nemesis.Laggard}},
	}
	c := calm(0)
	c.Clients.Rate, c.Schedule.Length = 60, 8000
	c.Times.Lag, c.Times.Request = 400, 500
	c.Schedule.Nodes, c.Schedule.Steps = 5, nil
	late.times = c.Times
	for _, step := range late.moment(newDice(1, "test"), quietBefore, c.Schedule.Length.Duration()) {
		step.ID = len(c.Schedule.Steps) + 1
		c.Schedule.Steps = append(c.Schedule.Steps, step)
	}
	require.Len(t, c.Schedule.Steps, 4)
	convicted := 0
	for c.Seed = range uint64(12) {
		for _, c.Mutant = range []string{"", "failed-proposal-rolled-back"} {
			out, err := Simulate(c, Look{BlackBox: c.Mutant != ""})
			require.NoError(t, err)
			if c.Mutant == "" {
				require.Empty(t, out.Failure.Class, out.Failure.Reason)
			} else if out.Failure.Promised {
				convicted++
			}
		}
	}
	require.NotZero(t, convicted)
}

// TestOneComesBackEmpty: nothing but elections comes to the wipes of one node, and
// nobody leaves the ISR for being late, so that the promise holds.
func TestOneComesBackEmpty(t *testing.T) {
	drawn := 0
	for seed := range uint64(600) {
		p := drawProfile(seed, Bounds{})
		if !slices.ContainsFunc(p.cards, card.wipes) || slices.ContainsFunc(p.cards, func(c card) bool {
			return c.fault.Kind != nemesis.Wipe && c.fault.Kind != nemesis.Elect
		}) || p.weather.SlowFetch == 0 {
			continue
		}
		drawn++
		require.Greater(t, p.times.Lag, 2*p.weather.SlowFor)
		for _, c := range p.cards {
			require.Equal(t, p.wiped, c.fault.Target)
		}
		require.NoError(t, p.Draw(seed).Validate())
	}
	require.Greater(t, drawn, 10)
}
