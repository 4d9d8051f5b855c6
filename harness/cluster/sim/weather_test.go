package sim

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

func TestWeatherNamesWhatCannotBe(t *testing.T) {
	for _, c := range []struct {
		name string
		most int
		with func(int) Weather
	}{
		{"hop_us", 1_000_000, func(n int) Weather { return Weather{Hop: int64(n)} }},
		{"jitter_us", 1_000_000, func(n int) Weather { return Weather{Jitter: int64(n)} }},
		{"slow_per_mille", 1000, func(n int) Weather { return Weather{Slow: n} }},
		{"slow_isr_per_mille", 1000, func(n int) Weather { return Weather{SlowISR: n} }},
		{"slow_ms", 60_000, func(n int) Weather { return Weather{SlowFor: nemesis.Millis(n)} }},
		{"lost_per_mille", 500, func(n int) Weather { return Weather{Lost: n} }},
		{"twice_per_mille", 1000, func(n int) Weather { return Weather{Twice: n} }},
		{"broken_per_mille", 500, func(n int) Weather { return Weather{Broken: n} }},
		{"slow_fetch_per_mille", 900, func(n int) Weather { return Weather{SlowFetch: n} }},
		{"broken_isr_per_mille", 900, func(n int) Weather { return Weather{BrokenISR: n} }},
		{"slow_raft_per_mille", 900, func(n int) Weather { return Weather{SlowRaft: n} }},
		{"stalled_send_per_mille", 900, func(n int) Weather { return Weather{StalledSend: n} }},
		{"broken_send_per_mille", 900, func(n int) Weather { return Weather{BrokenSend: n} }},
		{"sync_us", 10_000_000, func(n int) Weather { return Weather{Sync: int64(n)} }},
		{"drift_per_mille", 500, func(n int) Weather { return Weather{Drift: n} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, c.with(0).Validate())
			require.NoError(t, c.with(c.most).Validate())
			for _, bad := range []int{-1, c.most + 1} {
				require.EqualError(t, c.with(bad).Validate(),
					fmt.Sprintf("weather: %s is %d, allowed are 0 to %d", c.name, bad, c.most))
			}
		})
	}
}

// TestCalm: what is left of a storm is how long things take, and the clocks that
// nobody can heal.
func TestCalm(t *testing.T) {
	storm := Weather{
		Hop: 2000, Jitter: 30_000, Slow: 1, SlowISR: 2, SlowFor: 3, Lost: 4, Twice: 5, Broken: 6,
		SlowFetch: 7, BrokenISR: 8, SlowRaft: 9, StalledSend: 10, BrokenSend: 11, Sync: 4000, Drift: 20,
	}
	require.Equal(t, Weather{Hop: 2000, Jitter: 2000, Sync: 4000, Drift: 20}, storm.calm())
	require.Equal(t, Weather{Jitter: 500}, Weather{Jitter: 700}.calm(), "no more than the default hop")
	require.Equal(t, Weather{}, Weather{}.calm())
}

func TestRough(t *testing.T) {
	for _, w := range []Weather{
		{}, {SlowFor: 100}, {Hop: 10_000}, {Jitter: 9500}, {Sync: 10_000}, {StalledSend: 1}, {BrokenSend: 1},
	} {
		require.False(t, w.Rough(), "%+v", w)
	}
	for _, w := range []Weather{
		{Slow: 1}, {SlowISR: 1}, {SlowFetch: 1}, {Lost: 1}, {Twice: 1}, {Broken: 1}, {BrokenISR: 1}, {SlowRaft: 1}, {Drift: 1},
		{Hop: 10_001}, {Hop: 1, Jitter: 10_000}, {Jitter: 9501}, {Sync: 10_001},
	} {
		require.True(t, w.Rough(), "%+v", w)
	}
}

func TestWeatherDefaults(t *testing.T) {
	require.Equal(t, 500*time.Microsecond, Weather{}.hop())
	require.Equal(t, time.Millisecond, Weather{}.sync())
	require.Equal(t, 7*time.Microsecond, Weather{Hop: 7}.hop())
	require.Equal(t, 9*time.Microsecond, Weather{Sync: 9}.sync())
}
