package explore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// timed is a case with one fault, from 1000 to 5000 of 8000 ms, and two sends.
func timed() Case {
	c := isolatedLeader(1)
	c.Plan = []workloads.Op{
		{At: 1200, Worker: "producer 0/0", F: workloads.Send}, {At: 6000, Worker: "producer 0/0", F: workloads.Send},
	}
	return c
}

func TestACaseIsCutOffAtATime(t *testing.T) {
	c := timed()
	cut := c.until(3000)
	require.NoError(t, cut.Validate())
	require.Equal(t, nemesis.Millis(3000), cut.Schedule.Length)
	require.Equal(t, nemesis.Millis(2000), cut.Schedule.Steps[0].For, "it heals when the clients end")
	require.Len(t, cut.Plan, 1)
	require.Empty(t, c.until(1000).Schedule.Steps)
	require.NotNil(t, c.until(1000).Plan, "no plan would mean that operations are drawn")
	require.Equal(t, timed(), c, "the case itself is as it was")
}

func TestACaseBeginsAtATime(t *testing.T) {
	c := timed()
	later := c.from(1000)
	require.NoError(t, later.Validate())
	require.Equal(t, nemesis.Millis(7000), later.Schedule.Length)
	require.Equal(t, nemesis.Millis(0), later.Schedule.Steps[0].At)
	require.Equal(t, workloads.Millis(200), later.Plan[0].At)
	require.Empty(t, c.from(1001).Schedule.Steps, "what began earlier does not begin at all")
	require.Len(t, c.from(1201).Plan, 1)
	require.Equal(t, timed(), c, "the case itself is as it was")
}

func TestTimesAreWarped(t *testing.T) {
	c := timed()
	require.Equal(t, []nemesis.Millis{0, 1000, 1200, 5000, 6000, 8000}, c.moments())
	half := c.warp(func(t nemesis.Millis) nemesis.Millis { return t / 2 })
	require.NoError(t, half.Validate())
	require.Equal(t, []nemesis.Millis{0, 500, 600, 2500, 3000, 4000}, half.moments())
	gone := c.warp(func(nemesis.Millis) nemesis.Millis { return 0 })
	require.NoError(t, gone.Validate(), "a fault lasts a millisecond at least")
	require.Equal(t, timed(), c, "the case itself is as it was")
}

func TestTimesAreRounded(t *testing.T) {
	for _, tt := range []struct{ at, unit, want nemesis.Millis }{{1234, 1000, 1000}, {1500, 1000, 2000}, {1234, 50, 1250}, {4, 10, 0}} {
		require.Equal(t, tt.want, roundTo(tt.unit)(tt.at))
	}
}

// A fault that waits after its event waits for less than half of its own time.
func TestATimeAfterAnEventShrinksWithItsFault(t *testing.T) {
	c := timed()
	c.Schedule.Steps[0].Upon, c.Schedule.Steps[0].Later = nemesis.ISRChanged, 1900
	require.NoError(t, c.Validate())
	for _, shorter := range []Case{
		c.until(3000),
		c.until(1001),
		c.warp(func(t nemesis.Millis) nemesis.Millis { return t / 3 }),
		c.warp(func(nemesis.Millis) nemesis.Millis { return 0 }),
	} {
		require.NoError(t, shorter.Validate())
	}
}
