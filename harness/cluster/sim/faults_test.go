package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/invariant"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/nemesis"
)

// TestKillMidStepKills: between two effects, or before a write.
func TestKillMidStepKills(t *testing.T) {
	between, before := 0, 0
	for seed := range uint64(10) {
		c := running(t, options(3, seed), func(c *Cluster) {
			n := c.node(1)
			require.NoError(t, c.KillMidStep(background, 1))
			switch {
			case n.midStep > 0:
				between++
			case n.disk.fs.Interrupt != nil:
				before++
			}
			p := c.producer(t, leaderAlone)
			for v := int64(1); n.alive && v < 100; v++ {
				limited, cancel := c.WithTimeout(background, time.Second)
				_, _ = p.Send(limited, topic, 0, v) // it may fail: that is the point
				cancel()
			}
			require.Equal(t, nemesis.StateDead, c.state(t, 1))
			require.NoError(t, c.Restart(background, 1))
			require.Zero(t, n.midStep)
			require.Nil(t, n.disk.fs.Interrupt)
			c.settle(t)
		})
		require.Empty(t, c.Unexpected())
	}
	require.Positive(t, between)
	require.Positive(t, before)
	require.Equal(t, 10, between+before)
}

// TestPowerOffWaitsForAnOrderlyEnd: a broker that was killed may lose what it had
// not flushed, one that ended in order has flushed all.
func TestPowerOffWaitsForAnOrderlyEnd(t *testing.T) {
	running(t, options(1, 1), func(c *Cluster) {
		c.send(t, c.producer(t, leaderAlone), 1, 2, 3)
		off := func(want bool) {
			_, off, err := c.PowerOff(background, 1)
			require.NoError(t, err)
			require.Equal(t, want, off)
			well, err := c.EndedWell(background, 1)
			require.NoError(t, err)
			require.Equal(t, want, well)
		}
		off(false)
		require.NoError(t, c.Kill(background, 1))
		off(false)
		require.NoError(t, c.Restart(background, 1))
		c.settle(t)
		require.NoError(t, c.Terminate(background, 1))
		require.True(t, c.Sleep(background, 10*time.Second))
		off(true)
		require.NoError(t, c.Restart(background, 1))
		off(false)
	})
}

// TestPowerOffForgivesNothing of what a broker has vouched for when it ended.
func TestPowerOffForgivesNothing(t *testing.T) {
	problems := func(mutants mutant.Set) []invariant.Problem {
		o := options(1, 1)
		o.Mutants = mutants
		return running(t, o, func(c *Cluster) {
			c.send(t, c.producer(t, leaderAlone), 1, 2, 3)
			require.NoError(t, c.Terminate(background, 1))
			require.True(t, c.Sleep(background, 10*time.Second))
			_, off, err := c.PowerOff(background, 1)
			require.NoError(t, err)
			require.True(t, off)
			require.NoError(t, c.Restart(background, 1))
			c.settle(t)
		}).Problems()
	}
	require.Empty(t, problems(nil))
	lossy := problems(mutant.Set{mutant.CleanMarkerUnflushed: true})
	require.NotEmpty(t, lossy)
	require.Equal(t, invariant.TruncatedBelowWatermark, lossy[0].Class)
}

// TestAKillTakesThePlaceOfOneMidStep, as does a heal.
func TestAKillTakesThePlaceOfOneMidStep(t *testing.T) {
	for seed := range uint64(6) {
		running(t, options(1, seed), func(c *Cluster) {
			require.NoError(t, c.KillMidStep(background, 1))
			require.NoError(t, c.Kill(background, 1))
			require.NoError(t, c.Restart(background, 1))
			c.settle(t)
			require.NoError(t, c.KillMidStep(background, 1))
			require.NoError(t, c.Heal(background))
			c.send(t, c.producer(t, leaderAlone), 1, 2, 3)
			require.Equal(t, nemesis.StateRunning, c.state(t, 1))
			require.EqualValues(t, 2, c.node(1).boots)
		})
	}
}

// TestTheDeadAreNotKilledMidStep: their next life has done nothing.
func TestTheDeadAreNotKilledMidStep(t *testing.T) {
	for seed := range uint64(6) {
		running(t, options(1, seed), func(c *Cluster) {
			require.NoError(t, c.Kill(background, 1))
			require.NoError(t, c.KillMidStep(background, 1))
			require.NoError(t, c.WipeData(background, 1))
			require.NoError(t, c.Restart(background, 1))
			c.settle(t)
		})
	}
}

func TestOnlyTheDeadAreWiped(t *testing.T) {
	running(t, options(1, 1), func(c *Cluster) {
		c.send(t, c.producer(t, leaderAlone), 1)
		require.EqualError(t, c.WipeData(background, 1), "wipe node 1: it is alive, allowed is a dead one")
		require.NoError(t, c.Kill(background, 1))
		bytes, err := c.DataBytes(1)
		require.NoError(t, err)
		require.Positive(t, bytes)
		require.NoError(t, c.WipeData(background, 1))
		bytes, err = c.DataBytes(1)
		require.NoError(t, err)
		require.Zero(t, bytes)
	})
}

func TestNodesThatAreNotThere(t *testing.T) {
	c := newCluster(t, options(2, 1))
	for _, id := range []int{0, 3} {
		require.ErrorContains(t, c.Kill(background, id), "allowed are 1 to 2")
		require.ErrorContains(t, c.WipeData(background, id), "allowed are 1 to 2")
		_, err := c.Running(id)
		require.ErrorContains(t, err, "allowed are 1 to 2")
	}
}

// TestAClockIsSetFromThenOn, for the process that lives and for the next one.
func TestAClockIsSetFromThenOn(t *testing.T) {
	running(t, options(1, 1), func(c *Cluster) {
		ahead := func() time.Duration {
			process, host, err := c.ReadClock(1)
			require.NoError(t, err)
			require.Equal(t, c.Now(), host)
			return process.Sub(host)
		}
		require.Zero(t, ahead())
		require.NoError(t, c.SetClock(background, 1, nemesis.Clock{Offset: 1000, Rate: 2}))
		require.Equal(t, time.Second, ahead())
		require.NoError(t, c.Kill(background, 1))
		require.NoError(t, c.Restart(background, 1))
		require.True(t, c.Sleep(background, time.Second))
		require.Equal(t, 2*time.Second, ahead())
		require.NoError(t, c.Heal(background))
		require.Zero(t, ahead())
	})
}

// TestHeal ends every fault at once, and the weather's with them.
func TestHeal(t *testing.T) {
	o := options(3, 1)
	o.Weather = Weather{Slow: 10, SlowFor: 20, Drift: 5}
	running(t, o, func(c *Cluster) {
		require.NoError(t, c.Kill(background, 1))
		require.NoError(t, c.Pause(background, 2))
		require.NoError(t, c.SetDisk(background, 3, nemesis.DiskStall))
		require.NoError(t, c.SetLinks(background, nemesis.Links{oneToTwo: {Cut: true}}))
		for range 2 { // the second has nothing to do
			require.NoError(t, c.Heal(background))
			for node := 1; node <= 3; node++ {
				require.Equal(t, nemesis.StateRunning, c.state(t, node))
			}
			require.Equal(t, Weather{Drift: 5}, c.net.weather)
			require.False(t, c.net.link(1, 2).Cut)
			require.Empty(t, c.node(3).disk.mode)
		}
		require.EqualValues(t, 2, c.node(1).boots)
		c.settle(t)
	})
}
