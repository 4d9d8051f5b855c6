package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

func TestWallClock(t *testing.T) {
	const since = 10 * time.Second
	for _, c := range []struct {
		name  string
		skew  nemesis.Clock
		after time.Duration
		want  time.Duration // by how much it is ahead
	}{
		{"right", nemesis.Clock{}, time.Minute, 0},
		{"ahead", nemesis.Clock{Offset: 5000}, time.Minute, 5 * time.Second},
		{"behind", nemesis.Clock{Offset: -5000}, 0, -5 * time.Second},
		{"fast", nemesis.Clock{Rate: 2}, 3 * time.Second, 3 * time.Second},
		{"slow", nemesis.Clock{Rate: 0.5}, 4 * time.Second, -2 * time.Second},
		{"fast and ahead", nemesis.Clock{Offset: 100, Rate: 3}, time.Second, 2100 * time.Millisecond},
		{"strobe begins ahead", nemesis.Clock{Offset: 1000, StrobePeriod: 200}, 199 * time.Millisecond, time.Second},
		{"and is right again", nemesis.Clock{Offset: 1000, StrobePeriod: 200}, 200 * time.Millisecond, 0},
		{"until its period is over", nemesis.Clock{Offset: 1000, StrobePeriod: 200}, 399 * time.Millisecond, 0},
		{"and so on", nemesis.Clock{Offset: 1000, StrobePeriod: 200}, 400 * time.Millisecond, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			clocks := clocks{rate: 1.25, skew: c.skew, since: since}
			require.Equal(t, c.want, clocks.ahead(since+c.after))
			require.Equal(t, epoch.Add(since+c.after+c.want).UnixMilli(), clocks.wall(since+c.after))
		})
	}
}

func TestMonotonicClockDriftsAndBeginsAnew(t *testing.T) {
	c := clocks{rate: 1.5, skew: nemesis.Clock{Offset: -100_000, Rate: 0.01}}
	c.boot(time.Minute)
	require.Equal(t, firstReading, c.mono(time.Minute))
	require.Equal(t, firstReading+15*time.Second, c.mono(time.Minute+10*time.Second), "nobody sets it")
	c.boot(time.Hour)
	require.Equal(t, firstReading, c.mono(time.Hour))
}

// TestNoTimerIsEarly: nor is one later than it must be.
func TestNoTimerIsEarly(t *testing.T) {
	draw := newDice(1, "test")
	for range 10_000 {
		c := clocks{rate: 0.5 + draw.Float64()}
		c.boot(draw.upTo(10 * time.Minute))
		now := c.booted + draw.upTo(20*time.Minute)
		at := c.mono(now) + draw.upTo([]time.Duration{3, time.Microsecond, time.Hour}[draw.IntN(3)])
		left := c.until(now, at)
		require.GreaterOrEqual(t, c.mono(now+left), at, "%+v", c)
		require.Less(t, c.mono(now+left-2), at, "%+v", c)
	}
}

// TestDriftIsWithinTheWeather: each machine has a rate of its own.
func TestDriftIsWithinTheWeather(t *testing.T) {
	o := options(9, 7)
	o.Weather.Drift = 100
	rates := map[float64]bool{}
	for _, n := range newCluster(t, o).nodes {
		require.InDelta(t, 1, n.clocks.rate, 0.1)
		rates[n.clocks.rate] = true
	}
	require.Len(t, rates, 9)
	o.Weather.Drift = 0
	require.Equal(t, 1.0, newCluster(t, o).nodes[0].clocks.rate)
}
