package sim

import (
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRunReturnsTheErrorOfItsWork(t *testing.T) {
	failure := errors.New("failed")
	require.ErrorIs(t, newCluster(t, options(1, 1)).Run(func() error { return failure }), failure)
}

// TestAnEndlessRunEnds: when nothing is left that could happen, and when time has
// run out. What work has deferred runs.
func TestAnEndlessRunEnds(t *testing.T) {
	for _, c := range []struct {
		want string
		work func(*Cluster)
	}{
		{"nothing is left that could happen", func(c *Cluster) { _, wait := c.parked(); wait() }},
		{"within 30m0s", func(c *Cluster) {
			for {
				c.Sleep(background, time.Minute)
			}
		}},
	} {
		cluster := newCluster(t, options(1, 1))
		cleanedUp := false
		err := cluster.Run(func() error {
			defer func() { cleanedUp = true }()
			require.NoError(t, cluster.Kill(background, 1))
			c.work(cluster)
			return nil
		})
		require.ErrorIs(t, err, ErrEndless)
		require.ErrorContains(t, err, c.want)
		require.True(t, cleanedUp)
	}
}

// TestAPanicOfWorkIsRuns, and the next simulation has its turn.
func TestAPanicOfWorkIsRuns(t *testing.T) {
	source := rand.Reader
	require.PanicsWithValue(t, "broken", func() {
		c := newCluster(t, options(1, 1))
		_ = c.Run(func() error {
			c.Sleep(background, time.Second)
			panic("broken")
		})
	})
	require.Equal(t, source, rand.Reader, "the process has its randomness back")
	require.NoError(t, newCluster(t, options(1, 1)).Run(func() error { return nil }))
}

// TestSimulationsOfAProcessTakeTurns, and none depends on the others.
func TestSimulationsOfAProcessTakeTurns(t *testing.T) {
	alone := running(t, options(3, 1), func(*Cluster) {}).Hash()
	var (
		hashes [3]uint64
		errs   [3]error
		inside atomic.Int32
		met    atomic.Bool
		wait   sync.WaitGroup
	)
	for i := range hashes {
		c := newCluster(t, options(3, 1))
		wait.Go(func() {
			errs[i] = c.Run(func() error {
				met.Store(met.Load() || inside.Add(1) > 1)
				defer inside.Add(-1)
				limited, cancel := c.WithTimeout(background, time.Minute)
				defer cancel()
				return c.AwaitHealthy(limited)
			})
			hashes[i] = c.Hash()
		})
	}
	wait.Wait()
	require.Equal(t, [3]error{}, errs)
	require.False(t, met.Load())
	require.Equal(t, [3]uint64{hashes[0], hashes[0], hashes[0]}, hashes)
	require.NotEqual(t, alone, hashes[0], "it has made a topic")
}

func TestAwaitHealthyGivesUp(t *testing.T) {
	c := newCluster(t, options(2, 1))
	require.NoError(t, c.Run(func() error {
		c.settle(t)
		require.NoError(t, c.Kill(background, 1))
		limited, cancel := c.WithTimeout(background, 3*time.Second)
		defer cancel()
		require.ErrorContains(t, c.AwaitHealthy(limited), "brokers are not healthy")
		require.Equal(t, time.Duration(0), epoch.Add(c.now).Sub(c.Now()))
		return nil
	}))
	require.Positive(t, c.Events())
	require.Positive(t, c.Elapsed())
}
