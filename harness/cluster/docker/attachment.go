package docker

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// attachment holds a container's stdin, and with it the container's life: our
// containers stop when it closes, and the engine closes it when this process is
// gone. It must be kept reachable, for a connection that is collected is closed.
type attachment struct {
	stream client.HijackedResponse
	stdout *io.PipeReader
}

// listen takes what the container prints on stdout and stderr. Before it starts
// is the time: nothing is lost then.
func (e *Engine) listen(ctx context.Context, container string) (io.ReadCloser, error) {
	result, err := e.api.ContainerAttach(ctx, container, client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return nil, fmt.Errorf("listen: %w", explain(err))
	}
	stream := result.HijackedResponse
	read, write := io.Pipe()
	go func() {
		defer stream.Close()
		_, err := stdcopy.StdCopy(write, write, stream.Reader)
		write.CloseWithError(err) // io.EOF if nil
	}()
	return &printed{read, stream}, nil
}

// printed is what a container prints.
type printed struct {
	*io.PipeReader
	stream client.HijackedResponse
}

// Close ends the listening.
func (p *printed) Close() error {
	return errors.Join(p.stream.Conn.Close(), p.PipeReader.Close())
}

// attach takes the container's stdin, stdout and stderr. Before the container
// starts is the time: nothing is lost then, and nobody starts it unheld. What
// comes on stderr is written to notes.
func (e *Engine) attach(ctx context.Context, container string, notes io.Writer) (*attachment, error) {
	result, err := e.api.ContainerAttach(ctx, container, client.ContainerAttachOptions{
		Stream: true, Stdin: true, Stdout: true, Stderr: true,
	})
	if err != nil {
		return nil, fmt.Errorf("attach: %w", explain(err))
	}
	stdout, write := io.Pipe()
	a := &attachment{stream: result.HijackedResponse, stdout: stdout}
	go func() {
		_, err := stdcopy.StdCopy(write, notes, a.stream.Reader)
		write.CloseWithError(errors.Join(io.EOF, err))
	}()
	return a, nil
}

func (a *attachment) Write(line []byte) (int, error) { return a.stream.Conn.Write(line) }

// Close lets go of the container, which then ends.
func (a *attachment) Close() error {
	return errors.Join(a.stream.Conn.Close(), a.stdout.Close())
}
