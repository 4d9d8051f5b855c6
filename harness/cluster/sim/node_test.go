package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/invariant"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// inputs is a tracer that notes what goes into the brokers.
type inputs struct{ all []broker.Input }

func (i *inputs) Input(_ At, in broker.Input) { i.all = append(i.all, in) }

func (*inputs) Effect(At, broker.Effect)     {}
func (*inputs) Stepped(At, *broker.Core)     {}
func (*inputs) Machine(At, string)           {}
func (*inputs) Stage(At, string)             {}
func (*inputs) Recorded(At, history.Event)   {}
func (*inputs) Broken(At, invariant.Problem) {}

var leaderAlone = client.Settings{Acks: "1"}

func (c *Cluster) state(t *testing.T, node int) string {
	state, err := c.Running(node)
	require.NoError(t, err)
	return state
}

// TestAKillKeepsThePageCache, which a loss of power does not, although the broker
// never flushed anything in either case.
func TestAKillKeepsThePageCache(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(*Cluster) error
		want []int64
	}{
		{"kill", func(c *Cluster) error { return c.Kill(background, 1) }, []int64{1, 2, 3}},
		{"power", func(c *Cluster) error { _, err := c.LosePower(background, 1, false); return err }, []int64{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sim := running(t, options(1, 1), func(sim *Cluster) {
				sim.send(t, sim.producer(t, leaderAlone), 1, 2, 3)
				before, err := sim.Incarnation(1)
				require.NoError(t, err)
				require.NoError(t, c.end(sim))
				require.NoError(t, c.end(sim), "the dead do not die")
				require.Equal(t, nemesis.StateDead, sim.state(t, 1))
				require.NoError(t, sim.Restart(background, 1))
				require.NoError(t, sim.Restart(background, 1))
				require.Equal(t, nemesis.StateRunning, sim.state(t, 1))
				after, err := sim.Incarnation(1)
				require.NoError(t, err)
				require.Equal(t, []string{"boot 1", "boot 2"}, []string{before, after})
				sim.settle(t)
				require.Equal(t, c.want, sim.log(t, len(c.want)))
			})
			require.Empty(t, sim.Unexpected())
		})
	}
}

// TestAPausedBrokerTakesInLater what has come meanwhile, in order.
func TestAPausedBrokerTakesInLater(t *testing.T) {
	o := options(1, 1)
	seen := &inputs{}
	o.Trace = seen
	running(t, o, func(c *Cluster) {
		require.NoError(t, c.Pause(background, 1))
		require.Equal(t, nemesis.StateStopped, c.state(t, 1))
		r := c.remotes()[0]
		answers := 0
		for range 5 {
			r.send(metadata(topic), time.Hour, func(_ kmsg.Response, err error) {
				require.NoError(t, err)
				answers++
			})
		}
		before := len(seen.all)
		require.True(t, c.Sleep(background, 10*time.Second))
		require.Len(t, seen.all, before)
		require.Zero(t, answers)

		require.NoError(t, c.Resume(background, 1))
		require.Equal(t, nemesis.StateRunning, c.state(t, 1))
		var seqs []uint64
		for _, in := range seen.all[before:] {
			if request, ok := in.(broker.Request); ok && request.Call.Conn == r.conn.id {
				seqs = append(seqs, request.Call.Seq)
			}
		}
		require.Equal(t, []uint64{0, 1, 2, 3, 4}, seqs)
		require.Greater(t, len(seen.all)-before, 5, "its timers went off, too")
		require.True(t, c.Sleep(background, time.Second))
		require.Equal(t, 5, answers)
	})
}

// TestDeathEndsAPause: what was held is lost with the process.
func TestDeathEndsAPause(t *testing.T) {
	running(t, options(1, 1), func(c *Cluster) {
		require.NoError(t, c.Pause(background, 1))
		require.True(t, c.Sleep(background, time.Second))
		require.NoError(t, c.Kill(background, 1))
		require.NoError(t, c.Pause(background, 1))
		require.Equal(t, nemesis.StateDead, c.state(t, 1), "the dead cannot be paused")
		require.NoError(t, c.Restart(background, 1))
		require.Equal(t, nemesis.StateRunning, c.state(t, 1))
		require.Empty(t, c.node(1).inbox)
		c.settle(t)
	})
}

// TestABrokerWhoseDiskFailsIsExcused: it must stop, and the heal starts it again.
func TestABrokerWhoseDiskFailsIsExcused(t *testing.T) {
	c := running(t, options(1, 1), func(c *Cluster) {
		p := c.producer(t, leaderAlone)
		c.send(t, p, 1)
		require.NoError(t, c.SetDisk(background, 1, nemesis.DiskFull))
		limited, cancel := c.WithTimeout(background, time.Second)
		_, failed := p.Send(limited, topic, 0, 2)
		cancel()
		require.NotNil(t, failed)
		require.Equal(t, nemesis.StateDead, c.state(t, 1))
		require.Positive(t, c.DiskTrouble(1))
		require.NoError(t, c.Heal(background))
		require.Equal(t, nemesis.StateRunning, c.state(t, 1))
		c.settle(t)
		require.Equal(t, int64(1), c.log(t, 1)[0])
	})
	require.Empty(t, c.Unexpected())
}

// refuse lets the disk of a node refuse one call.
func (n *node) refuse(t *testing.T) {
	n.disk.fs.FailNext("open", errIO)
	_, err := n.disk.fs.OpenFile(logDir + "/other")
	require.ErrorIs(t, err, errIO)
}

// TestABrokerThatEndsOfAHealedDiskIsStartedAgain: the fault is over, so nobody
// else does it.
func TestABrokerThatEndsOfAHealedDiskIsStartedAgain(t *testing.T) {
	c := running(t, options(1, 1), func(c *Cluster) {
		n := c.node(1)
		n.refuse(t)
		n.ended(errIO)
		require.Equal(t, nemesis.StateDead, c.state(t, 1))
		require.True(t, c.Sleep(background, restartAfter))
		require.Equal(t, nemesis.StateRunning, c.state(t, 1))
		c.settle(t)
	})
	require.Empty(t, c.Unexpected())
}

// TestAnExcuseIsForOneLife: what the disk refused before the restart explains
// nothing after it.
func TestAnExcuseIsForOneLife(t *testing.T) {
	c := running(t, options(1, 1), func(c *Cluster) {
		n := c.node(1)
		n.refuse(t)
		require.NoError(t, c.Kill(background, 1))
		require.NoError(t, c.Restart(background, 1))
		n.ended(errIO)
		require.True(t, c.Sleep(background, time.Minute))
		require.Equal(t, nemesis.StateDead, c.state(t, 1))
	})
	require.Len(t, c.Unexpected(), 1)
	require.Regexp(t, `^node 1 ended after \S+: input/output error$`, c.Unexpected()[0])
}

// TestABrokerThatCannotStartIsUnexpected: where it wants its folder, there is a
// file.
func TestABrokerThatCannotStartIsUnexpected(t *testing.T) {
	c := newCluster(t, options(1, 1))
	_, err := c.node(1).disk.fs.OpenFile(logDir)
	require.NoError(t, err)
	require.NoError(t, c.Run(func() error { return nil }))
	require.Equal(t, []string{"node 1 ended after 0s: data directory /logs: mkdir /logs: is a file"}, c.Unexpected())
	require.Equal(t, nemesis.StateDead, c.state(t, 1))
}

func TestABrokerThatPanicsIsUnexpected(t *testing.T) {
	c := running(t, options(1, 1), func(c *Cluster) {
		c.node(1).step(broker.Request{}) // of nobody
		require.Equal(t, nemesis.StateDead, c.state(t, 1))
	})
	require.Len(t, c.Unexpected(), 1)
	require.Contains(t, c.Unexpected()[0], "panic: ")
}

func TestAControlledShutdownIsExpected(t *testing.T) {
	c := running(t, options(1, 1), func(c *Cluster) {
		c.node(1).step(broker.Shutdown{})
		require.True(t, c.Sleep(background, 10*time.Second))
		require.Equal(t, nemesis.StateDead, c.state(t, 1))
	})
	require.Empty(t, c.Unexpected())
}
