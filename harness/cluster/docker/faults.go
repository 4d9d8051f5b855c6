package docker

import (
	"context"
	"fmt"
	"time"

	"github.com/moby/moby/client"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/nemesis/agent"
)

// askLimit bounds a question whose caller sets no limit.
const askLimit = 2 * time.Second

// Kill implements nemesis.Cluster: it returns when the engine shows the broker's
// container as ended by SIGKILL.
func (c *Cluster) Kill(ctx context.Context, id int) error {
	return c.on(id, func(n *node) error { return n.kill(ctx) })
}

// Terminate implements nemesis.Cluster. The engine sends the signal: what it takes
// longer than the agent would is nothing beside a broker's end.
func (c *Cluster) Terminate(ctx context.Context, id int) error {
	return c.on(id, func(n *node) error { return n.terminate(ctx) })
}

// Restart implements nemesis.Cluster: the same container is started again.
func (c *Cluster) Restart(ctx context.Context, id int) error {
	return c.on(id, func(n *node) error { return n.start(ctx) })
}

// WipeData implements nemesis.Cluster: the agent, which mounts the same volume,
// removes the partition data. The node must be dead. Its share of the metadata
// quorum stays: a voter that forgets its vote is not a fault that the quorum
// claims to survive.
func (c *Cluster) WipeData(ctx context.Context, id int) error {
	return c.on(id, func(n *node) error { return n.wipe(ctx) })
}

// DataBytes implements nemesis.Cluster.
func (c *Cluster) DataBytes(id int) (int64, error) {
	n, err := c.node(id)
	if err != nil {
		return 0, err
	}
	if n.agent == nil {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	bytes, err := n.agent.DataBytes(ctx, logsDir)
	if err != nil {
		return 0, fmt.Errorf("measure data of node %d: %w", id, flatten(err))
	}
	return bytes, nil
}

// Pause implements nemesis.Cluster. A dead node can't be paused.
func (c *Cluster) Pause(ctx context.Context, id int) error {
	return c.on(id, func(n *node) error { return n.pause(ctx) })
}

// Resume implements nemesis.Cluster. A node that is not paused stays as it is.
func (c *Cluster) Resume(ctx context.Context, id int) error {
	return c.on(id, func(n *node) error { return n.resume(ctx) })
}

// AgentStats is all that a node's agent has counted and read back.
func (c *Cluster) AgentStats(ctx context.Context, id int) (agent.Stats, error) {
	n, err := c.node(id)
	if err != nil {
		return agent.Stats{}, err
	}
	if n.agent == nil {
		return agent.Stats{}, fmt.Errorf("node %d: it has no agent, allowed is a cluster that started", id)
	}
	stats, err := n.agent.Stats(ctx)
	return stats, flatten(err)
}

// Running implements nemesis.Cluster.
func (c *Cluster) Running(id int) (string, error) {
	n, err := c.node(id)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	return n.running(ctx)
}

// Incarnation implements nemesis.Cluster: it is the time at which the engine
// started the broker's container.
func (c *Cluster) Incarnation(id int) (string, error) {
	n, err := c.node(id)
	if err != nil {
		return "", err
	}
	if n.life.Load() == nil {
		return "never started", nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	inspected, err := c.engine.api.ContainerInspect(ctx, n.broker, client.ContainerInspectOptions{})
	if err != nil {
		return "", fmt.Errorf("incarnation of node %d: %w", id, explain(err))
	}
	return incarnation(inspected.Container), nil
}

// EndedWell implements nemesis.Cluster.
func (c *Cluster) EndedWell(ctx context.Context, id int) (bool, error) {
	n, err := c.node(id)
	if err != nil {
		return false, err
	}
	well, err := n.endedWell(ctx)
	if err != nil {
		return false, fmt.Errorf("end of node %d: %w", id, err)
	}
	return well, nil
}

// SetLinks implements nemesis.Cluster. Faults act at the receiver, so that a
// link is cut as a cable is: what was sent may still be sent again.
func (c *Cluster) SetLinks(ctx context.Context, links nemesis.Links) error {
	if err := c.checkLinks(links); err != nil {
		return fmt.Errorf("set links: %w", err)
	}
	err := together(c.nodes, func(n *node) error { return n.setLinks(ctx, linksOf(n.id, links)) })
	return flatten(err)
}

// LinkStats implements nemesis.Cluster. Held are the bytes of packets that were
// dropped, headers and repetitions included; what healthy links deliver is not
// counted; a reset is counted once for every packet that it answered.
func (c *Cluster) LinkStats() map[nemesis.Link]nemesis.LinkStats { return c.linkStats() }

// Heal implements nemesis.Cluster: it also restarts brokers that died by
// themselves, which stay on record as Unexpected. It returns when the agents
// have read back that nothing is wrong.
func (c *Cluster) Heal(ctx context.Context) error {
	return flatten(together(c.nodes, func(n *node) error {
		if err := n.heal(ctx); err != nil {
			return err
		}
		if err := n.start(ctx); err != nil {
			return err
		}
		state, err := n.running(ctx)
		if err == nil && state == nemesis.StateStopped {
			err = fmt.Errorf("node %d: it is still %s", n.id, state)
		}
		return err
	}))
}

// heal makes the node healthy, also if it is to our knowledge: the agent reads
// the kernel.
func (n *node) heal(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.change(ctx, func(f *faults) { *f = faults{} })
}
