package network

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis/agent"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// fates sends n packets, a millisecond apart.
func fates(s *shape, n int) []fate {
	got := make([]fate, n)
	for i := range got {
		got[i] = s.decide(noon.Add(millis(int64(i))))
	}
	return got
}

func lost(fates []fate) (n int) {
	for _, f := range fates {
		if f.lost {
			n++
		}
	}
	return n
}

func TestShapeDelaysByTheSame(t *testing.T) {
	for i, f := range fates(newShape(agent.Link{DelayMS: 50}, 1, "n1"), 100) {
		require.Equal(t, fate{due: noon.Add(millis(int64(i) + 50))}, f)
	}
}

func TestShapeLosesTheAskedShare(t *testing.T) {
	tests := map[string]struct {
		percent  float64
		from, to int // of 10000 packets, five standard deviations around the mean
	}{
		"none":  {0, 0, 0},
		"one":   {1, 50, 150},
		"third": {33.3, 3090, 3570},
		"all":   {100, 10000, 10000},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			n := lost(fates(newShape(agent.Link{LossPercent: test.percent}, 7, "n1"), 10000))
			require.GreaterOrEqual(t, n, test.from)
			require.LessOrEqual(t, n, test.to)
		})
	}
}

func TestShapeKeepsTheOrderUnlessAsked(t *testing.T) {
	last := time.Time{}
	for _, f := range fates(newShape(agent.Link{DelayMS: 10, JitterMS: 40}, 1, "n1"), 1000) {
		require.False(t, f.due.Before(last))
		require.False(t, f.overtakes)
		last = f.due
	}
	overtakers := 0
	for i, f := range fates(newShape(agent.Link{DelayMS: 10, JitterMS: 40, Reorder: true}, 1, "n1"), 1000) {
		arrival := noon.Add(millis(int64(i)))
		require.False(t, f.due.Before(arrival.Add(millis(10))))
		require.False(t, f.due.After(arrival.Add(millis(50))))
		if f.overtakes {
			overtakers++
		}
	}
	require.Greater(t, overtakers, 500, "most of the packets a millisecond apart overtake another one")
}

func TestShapeIsRepeatable(t *testing.T) {
	link := agent.Link{LossPercent: 50, DelayMS: 10, JitterMS: 40, Reorder: true}
	first := fates(newShape(link, 1, "n1"), 100)
	require.Equal(t, first, fates(newShape(link, 1, "n1"), 100))
	require.NotEqual(t, first, fates(newShape(link, 2, "n1"), 100), "another seed")
	require.NotEqual(t, first, fates(newShape(link, 1, "n2"), 100), "another peer")

	half, few := fates(newShape(agent.Link{LossPercent: 50}, 1, "n1"), 100), fates(newShape(agent.Link{LossPercent: 5}, 1, "n1"), 100)
	for i := range few {
		require.False(t, few[i].lost && !half[i].lost, "packet %d: what 5%% loses, 50%% loses too", i)
	}
}
