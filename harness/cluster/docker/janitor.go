package docker

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	farewell "github.com/ackproof/ackproof/nemesis/agent/janitor"
)

// engineSocket is where the janitor finds the engine's socket in its container.
const engineSocket = "/var/run/docker.sock"

// janitorTries is how often a janitor that failed begins again.
const janitorTries = 5

// startJanitor starts the container that removes everything of the run when
// this process is gone. It is the first thing of a run and the last, and has no
// network: it speaks to nobody but the engine.
func (e *Engine) startJanitor(ctx context.Context, image, name, run string) (j *janitor, err error) {
	created, err := e.api.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name: name,
		Config: &container.Config{
			Image: image, Cmd: []string{"janitor", LabelRun + "=" + run}, Labels: labels(run, roleJanitor, nil),
			OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true,
		},
		HostConfig: &container.HostConfig{
			NetworkMode: "none",
			// An engine that comes back starts it again; then nobody speaks to it, and it
			// cleans up. It removes itself when it is done.
			RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyOnFailure, MaximumRetryCount: janitorTries},
			Binds:         []string{e.socket() + ":" + engineSocket},
			CapDrop:       []string{"ALL"},
			CapAdd:        []string{"DAC_OVERRIDE"}, // the socket's group is not ours
			SecurityOpt:   []string{"no-new-privileges"},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("make the janitor: %w", explain(err))
	}
	defer func() {
		if err != nil {
			e.removeQuietly(created.ID)
		}
	}()
	stdin, err := e.attach(ctx, created.ID, io.Discard)
	if err != nil {
		return nil, fmt.Errorf("janitor: %w", err)
	}
	defer func() {
		if err != nil {
			_ = stdin.Close()
		}
	}()
	if _, err := e.api.ContainerStart(ctx, created.ID, client.ContainerStartOptions{}); err != nil {
		return nil, fmt.Errorf("start the janitor: %w", explain(err))
	}
	if _, err := io.WriteString(stdin, "hello\n"); err != nil {
		return nil, fmt.Errorf("greet the janitor: %w", explain(err))
	}
	return &janitor{engine: e, id: created.ID, stdin: stdin}, nil
}

// socket is the path of the engine's socket on the engine's machine.
// TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE is for those where neither rule holds.
func (e *Engine) socket() string {
	if path := os.Getenv("TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE"); path != "" {
		return strings.TrimPrefix(path, "unix://")
	}
	// Docker Desktop's is in its virtual machine, whatever the one outside is.
	if path, ok := strings.CutPrefix(e.Host, "unix://"); ok && e.System != "Docker Desktop" {
		return path
	}
	return engineSocket
}

// removeQuietly removes what a failure left half made; the failure is told.
func (e *Engine) removeQuietly(id string) {
	ctx, cancel := context.WithTimeout(context.Background(), engineLimit)
	defer cancel()
	_ = e.removeContainer(ctx, id)
}

// janitor is a running one.
type janitor struct {
	engine *Engine
	id     string
	stdin  *attachment
}

// dismissLimit bounds the wait for a janitor to find nothing left to do.
const dismissLimit = 10 * time.Second

// dismiss returns when the janitor's container is removed. If something is left,
// for that reason, the janitor removes it before; while it cannot, as on an engine
// whose disk is full, it stays and tries again.
func (j *janitor) dismiss(left error) error {
	ctx, cancel := context.WithTimeout(context.Background(), dismissLimit)
	defer cancel()
	removed := j.engine.api.ContainerWait(ctx, j.id, client.ContainerWaitOptions{Condition: container.WaitConditionRemoved})
	if left == nil {
		// It need not wait for what the engine may still be making. What counts is that
		// it goes.
		_, _ = io.WriteString(j.stdin, farewell.Bye+"\n")
	}
	_ = j.stdin.Close()
	select {
	case <-removed.Result:
		return nil
	case err := <-removed.Error:
		switch {
		case gone(err):
			return explain(err)
		case left != nil && errdefs.IsNotFound(err):
			return left
		case left != nil:
			return fmt.Errorf("%w, which the janitor goes on to remove", left)
		}
	}
	// It was gone before, or it hangs.
	ctx, cancel = context.WithTimeout(context.Background(), engineLimit)
	defer cancel()
	return explain(j.engine.removeContainer(ctx, j.id))
}
