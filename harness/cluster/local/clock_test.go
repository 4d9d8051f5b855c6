package local

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/nemesis/agent/clock"
)

// requireClocks skips the test where children's clocks cannot be skewed, unless
// this machine is one that must be able to do everything.
func requireClocks(t *testing.T) {
	t.Helper()
	teller := exec.Command(os.Args[0])
	teller.Env = append(os.Environ(), roleVariable+"=teller")
	err := ProbeClock(teller)
	if err != nil && os.Getenv("ACKPROOF_REQUIRE_DOCKER") == "1" {
		require.NoError(t, err)
	}
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
}

func TestClocksAreWrongUntilTheyAreHealed(t *testing.T) {
	requireClocks(t)
	c := newTestCluster(t, Options{Nodes: 2})
	ctx := limited(t)
	require.NoError(t, c.Start(ctx))
	skew := func(node int) time.Duration {
		process, host, err := c.ReadClock(node)
		require.NoError(t, err)
		return process.Sub(host)
	}
	require.Zero(t, skew(1))

	require.NoError(t, c.SetClock(ctx, 1, nemesis.Clock{Offset: 3_600_000}))
	require.Equal(t, time.Hour, skew(1))
	require.Zero(t, skew(2), "nobody else's clock is wrong")

	// The next process at the same place reads the same clock.
	require.NoError(t, c.Kill(ctx, 1))
	_, _, err := c.ReadClock(1)
	require.EqualError(t, err, "read clock of node 1: it is dead")
	require.NoError(t, c.Restart(ctx, 1))
	require.Equal(t, time.Hour, skew(1))

	require.NoError(t, c.SetClock(ctx, 1, nemesis.Clock{Offset: -60_000, StrobePeriod: 20}))
	for _, want := range []time.Duration{0, -time.Minute, 0} {
		require.Eventually(t, func() bool { return skew(1) == want }, 10*time.Second, time.Millisecond, "strobe to %v", want)
	}
	require.NoError(t, c.SetClock(ctx, 1, nemesis.Clock{}))
	require.Zero(t, skew(1))

	require.NoError(t, c.SetClock(ctx, 2, nemesis.Clock{Rate: 2}))
	require.Eventually(t, func() bool { return skew(2) > 10*time.Millisecond }, 10*time.Second, time.Millisecond)
	require.NoError(t, c.Heal(ctx))
	require.Zero(t, skew(2))
	require.Empty(t, c.Unexpected())
}

func TestClocksThatCannotBeSet(t *testing.T) {
	c := newTestCluster(t, Options{Nodes: 1})
	require.EqualError(t, c.SetClock(limited(t), 1, nemesis.Clock{Rate: 1000}),
		"set clock of node 1: rate 1000: allowed are 0.01 to 100, and 0 for 1")
	require.EqualError(t, c.SetClock(limited(t), 3, nemesis.Clock{}), "node 3: allowed are 1 to 1")
	_, _, err := c.ReadClock(0)
	require.EqualError(t, err, "node 0: allowed are 1 to 1")
}

func TestClocksInTheKeepersWords(t *testing.T) {
	require.Equal(t, clock.Fault{Offset: time.Second, Rate: 2}, faultOf(nemesis.Clock{Offset: 1000, Rate: 2}))
	require.Equal(t, clock.Fault{Strobe: time.Second, Period: time.Minute}, faultOf(nemesis.Clock{Offset: 1000, StrobePeriod: 60_000}))
}
