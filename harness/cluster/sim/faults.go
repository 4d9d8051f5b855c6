package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/nemesis"
)

var (
	_ nemesis.Cluster        = (*Cluster)(nil)
	_ nemesis.PowerCluster   = (*Cluster)(nil)
	_ nemesis.MidStepCluster = (*Cluster)(nil)
	_ nemesis.DiskCluster    = (*Cluster)(nil)
	_ nemesis.EventCluster   = (*Cluster)(nil)
)

// Size is the number of nodes.
func (c *Cluster) Size() int { return len(c.nodes) }

func (c *Cluster) on(id int, act func(*node)) error {
	if id < 1 || id > len(c.nodes) {
		return fmt.Errorf("node %d: allowed are 1 to %d", id, len(c.nodes))
	}
	act(c.node(model.NodeID(id)))
	return nil
}

// Kill implements nemesis.Cluster.
func (c *Cluster) Kill(_ context.Context, id int) error { return c.on(id, (*node).die) }

// Terminate implements nemesis.Cluster. A broker that is paused hears of it when it
// goes on.
func (c *Cluster) Terminate(_ context.Context, id int) error {
	return c.on(id, func(n *node) {
		n.hash(hashShutdown)
		n.step(broker.Shutdown{})
	})
}

// Restart implements nemesis.Cluster.
func (c *Cluster) Restart(_ context.Context, id int) error { return c.on(id, (*node).boot) }

// WipeData implements nemesis.Cluster.
func (c *Cluster) WipeData(_ context.Context, id int) error {
	var err error
	bad := c.on(id, func(n *node) {
		if n.alive {
			err = fmt.Errorf("wipe node %d: it is alive, allowed is a dead one", id)
			return
		}
		n.sim.watch.wiped(n)
		err = n.disk.fs.RemoveAll(logDir)
	})
	if bad != nil {
		return bad
	}
	return err
}

// LosePower implements nemesis.PowerCluster.
func (c *Cluster) LosePower(_ context.Context, id int, torn bool) (lost int64, err error) {
	err = c.on(id, func(n *node) {
		lost = n.losePower(torn)
		c.watch.lostPower(n)
	})
	return lost, err
}

// PowerOff implements nemesis.PowerCluster. The look inside is told of no loss: who
// ended in order has vouched for all that it had.
func (c *Cluster) PowerOff(_ context.Context, id int) (lost int64, off bool, err error) {
	err = c.on(id, func(n *node) {
		if off = n.endedInOrder; off {
			lost = n.losePower(false)
		}
	})
	return lost, off, err
}

// losePower ends the process and forgets what was not synced.
func (n *node) losePower(torn bool) (lost int64) {
	n.die()
	lost = n.disk.losePower(torn)
	n.sim.watch.machine(n, fmt.Sprintf("loses %d bytes of its disk", lost))
	return lost
}

// KillMidStep implements nemesis.MidStepCluster. A dead node is as it should be.
func (c *Cluster) KillMidStep(_ context.Context, id int) error {
	return c.on(id, func(n *node) {
		switch {
		case !n.alive:
		case n.disk.draw.IntN(2) == 0:
			n.midStep = 1 + n.disk.draw.IntN(3)
		default:
			n.disk.dieBefore(1 + n.disk.draw.IntN(6))
		}
	})
}

// SetDisk implements nemesis.DiskCluster.
func (c *Cluster) SetDisk(_ context.Context, id int, mode nemesis.DiskMode) error {
	return c.on(id, func(n *node) { n.disk.set(mode) })
}

// DiskTrouble implements nemesis.DiskCluster.
func (c *Cluster) DiskTrouble(id int) int64 { return c.node(model.NodeID(id)).disk.trouble() }

// Pause implements nemesis.Cluster.
func (c *Cluster) Pause(_ context.Context, id int) error { return c.on(id, (*node).pause) }

// Resume implements nemesis.Cluster.
func (c *Cluster) Resume(_ context.Context, id int) error { return c.on(id, (*node).resume) }

// Running implements nemesis.Cluster.
func (c *Cluster) Running(id int) (state string, err error) {
	err = c.on(id, func(n *node) {
		switch {
		case !n.alive:
			state = nemesis.StateDead
		case n.paused:
			state = nemesis.StateStopped
		default:
			state = nemesis.StateRunning
		}
	})
	return state, err
}

// Incarnation implements nemesis.Cluster: it counts the boots.
func (c *Cluster) Incarnation(id int) (name string, err error) {
	err = c.on(id, func(n *node) { name = fmt.Sprintf("boot %d", n.boots) })
	return name, err
}

// EndedWell implements nemesis.Cluster.
func (c *Cluster) EndedWell(_ context.Context, id int) (well bool, err error) {
	err = c.on(id, func(n *node) { well = n.endedWell })
	return well, err
}

// DataBytes implements nemesis.Cluster.
func (c *Cluster) DataBytes(id int) (bytes int64, err error) {
	err = c.on(id, func(n *node) { bytes = n.disk.bytes() })
	return bytes, err
}

// InOrder is why this cluster cannot have packets that overtake each other.
const InOrder = "connections deliver in order, and the quorum's messages overtake each other in any weather"

// SetLinks implements nemesis.Cluster.
func (c *Cluster) SetLinks(_ context.Context, links nemesis.Links) error {
	for _, s := range links {
		if s.Reorder {
			return errors.New("set links: " + InOrder)
		}
	}
	c.net.set(links)
	for _, n := range c.nodes {
		for _, id := range slices.Clone(n.order) {
			if link := n.served[id]; c.net.refuses(link) {
				link.hangUp()
			}
		}
	}
	return nil
}

// LinkStats implements nemesis.Cluster.
func (c *Cluster) LinkStats() map[nemesis.Link]nemesis.LinkStats { return c.net.stats() }

// SetClock implements nemesis.Cluster.
func (c *Cluster) SetClock(_ context.Context, id int, clock nemesis.Clock) error {
	return c.on(id, func(n *node) {
		n.clocks.skew, n.clocks.since = clock, c.now
		c.watch.clockSet(n)
	})
}

// ReadClock implements nemesis.Cluster.
func (c *Cluster) ReadClock(id int) (process, host time.Time, err error) {
	err = c.on(id, func(n *node) { process = c.Now().Add(n.clocks.ahead(c.now)) })
	return process, c.Now(), err
}

// Heal implements nemesis.Cluster. The weather gets better, too.
func (c *Cluster) Heal(context.Context) error {
	c.net.set(nil)
	c.net.weather = c.net.weather.calm()
	for _, n := range c.nodes {
		n.disk.takes = c.net.weather.sync()
		n.disk.set(nemesis.DiskHealthy)
		n.clocks.skew = nemesis.Clock{}
		n.midStep, n.disk.fs.Interrupt = 0, nil
		n.resume()
		n.boot()
	}
	return nil
}
