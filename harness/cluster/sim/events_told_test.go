package sim

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

// TestASleepEndsWithAnEvent that brokers tell of, or when its time is over.
func TestASleepEndsWithAnEvent(t *testing.T) {
	running(t, options(3, 1), func(c *Cluster) {
		require.Positive(t, c.Told(nemesis.BecameLeader))
		from, before := c.now, c.Told(nemesis.Truncated)
		require.True(t, c.SleepUnless(background, time.Second, []nemesis.Event{nemesis.Truncated}))
		require.Equal(t, time.Second, c.now-from, "nobody truncates")
		require.Equal(t, before, c.Told(nemesis.Truncated))

		leaders := c.Told(nemesis.BecameLeader)
		for _, n := range c.nodes[:2] {
			require.NoError(t, c.Kill(background, int(n.id)))
			require.NoError(t, c.Restart(background, int(n.id)))
		}
		from = c.now
		require.True(t, c.SleepUnless(background, time.Minute, []nemesis.Event{nemesis.BecameLeader}))
		require.Less(t, c.now-from, time.Minute)
		require.Greater(t, c.Told(nemesis.BecameLeader), leaders)

		limited, end := c.WithTimeout(background, time.Second)
		defer end()
		from = c.now
		require.False(t, c.SleepUnless(limited, time.Minute, []nemesis.Event{nemesis.Truncated}))
		require.Equal(t, time.Second, c.now-from, "not beyond the context")

		over, cancel := context.WithCancel(background)
		cancel()
		require.False(t, c.SleepUnless(over, time.Minute, []nemesis.Event{nemesis.BecameLeader}))
	})
}
