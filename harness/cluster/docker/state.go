package docker

import (
	"context"
	"fmt"

	"github.com/moby/moby/client"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/nemesis/agent"
)

// running tells the broker's state as the kernel does, or, when the agent is
// gone, as the engine does.
func (n *node) running(ctx context.Context) (string, error) {
	if n.agent == nil {
		return nemesis.StateDead, nil
	}
	stats, err := n.agent.Stats(ctx)
	if err != nil {
		if n.agentEnded() {
			return n.runningContainer(ctx)
		}
		return "", fmt.Errorf("state of node %d: %w", n.id, flatten(err))
	}
	return stateOf(stats.Processes), nil
}

func (n *node) runningContainer(ctx context.Context) (string, error) {
	if n.broker == "" {
		return nemesis.StateDead, nil
	}
	inspected, err := n.cluster.engine.api.ContainerInspect(ctx, n.broker, client.ContainerInspectOptions{})
	if err != nil {
		return "", fmt.Errorf("state of node %d: %w", n.id, explain(err))
	}
	if inspected.Container.State.Running {
		return nemesis.StateRunning, nil
	}
	return nemesis.StateDead, nil
}

// stateOf sums up a sandbox's processes: it runs if any does.
func stateOf(processes []agent.Process) string {
	state := nemesis.StateDead
	for _, p := range processes {
		switch p.State {
		case agent.ProcessRunning:
			return nemesis.StateRunning
		case agent.ProcessStopped:
			state = nemesis.StateStopped
		}
	}
	return state
}
