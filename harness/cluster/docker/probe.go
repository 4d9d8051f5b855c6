package docker

import (
	"context"
	"fmt"
	"io"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// Probe asks an agent on the engine what it can do to a node there. binary is
// the path of faultd, as in Options. The agent's container has no network and
// removes itself when the question is answered, or this process ends.
func (e *Engine) Probe(ctx context.Context, binary string) (agent.Hello, error) {
	hello, err := e.probe(ctx, binary)
	if err != nil {
		return hello, fmt.Errorf("ask an agent: %w", explain(err))
	}
	return hello, nil
}

func (e *Engine) probe(ctx context.Context, binary string) (agent.Hello, error) {
	reference, err := e.imageOf(ctx, agentName, binary)
	if err != nil {
		return agent.Hello{}, err
	}
	created, err := e.api.ContainerCreate(ctx, client.ContainerCreateOptions{
		Config: &container.Config{
			Image: reference, Cmd: []string{"serve"}, Labels: labels(newRun(), roleProbe, nil),
			OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true,
		},
		HostConfig: &container.HostConfig{
			NetworkMode: "none", AutoRemove: true,
			CapDrop: []string{"ALL"}, CapAdd: agentCapabilities, SecurityOpt: []string{"no-new-privileges"},
		},
	})
	if err != nil {
		return agent.Hello{}, err
	}
	defer e.removeQuietly(created.ID)
	pipe, err := e.attach(ctx, created.ID, io.Discard)
	if err != nil {
		return agent.Hello{}, err
	}
	defer func() { _ = pipe.Close() }()
	if _, err := e.api.ContainerStart(ctx, created.ID, client.ContainerStartOptions{}); err != nil {
		return agent.Hello{}, err
	}
	return agent.NewClient(pipe, pipe.stdout).Hello(ctx)
}
