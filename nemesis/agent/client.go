package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// ErrAgent marks what the agent itself answered, as opposed to a broken pipe
// to it.
var ErrAgent = errors.New("agent")

// Client is the harness's end of the pipe. Its methods may be called from
// several goroutines; the agent serves them one after the other. A cancelled
// context stops waiting only: the agent still does what it was asked.
type Client struct {
	requests io.Writer
	writing  sync.Mutex

	mu      sync.Mutex
	nextID  int64
	waiting map[int64]chan Response
	broken  error         // why no response will come any more
	done    chan struct{} // closed when broken is set
}

// NewClient speaks to an agent through its stdin and stdout. It reads
// responses until that ends, also when nobody waits. Closing requests is the
// caller's, and stops the agent.
func NewClient(requests io.Writer, responses io.Reader) *Client {
	c := &Client{requests: requests, waiting: map[int64]chan Response{}, done: make(chan struct{})}
	go c.read(responses)
	return c
}

// Hello asks what the agent is and can do. Another protocol version is an
// error.
func (c *Client) Hello(ctx context.Context) (Hello, error) {
	response, err := c.call(ctx, Request{Op: OpHello})
	if err != nil {
		return Hello{}, err
	}
	if response.Hello == nil {
		return Hello{}, fmt.Errorf("%w: hello answered without one", ErrAgent)
	}
	if response.Hello.Version != ProtocolVersion {
		return Hello{}, fmt.Errorf("%w: protocol version %d: allowed is %d", ErrAgent, response.Hello.Version, ProtocolVersion)
	}
	return *response.Hello, nil
}

// Apply brings the state into force and returns when it was read back.
func (c *Client) Apply(ctx context.Context, state State) (Applied, error) {
	response, err := c.call(ctx, Request{Op: OpState, State: &state})
	return value(response.Applied), err
}

// Kill ends what the match picks, as kill -9 does, and returns when it is gone.
func (c *Client) Kill(ctx context.Context, match Match) (Killed, error) {
	response, err := c.call(ctx, Request{Op: OpKill, Kill: &match})
	return value(response.Killed), err
}

// Stats reads the evidence.
func (c *Client) Stats(ctx context.Context) (Stats, error) {
	response, err := c.call(ctx, Request{Op: OpStats})
	return value(response.Stats), err
}

// DataBytes measures the files in a directory of the node's volume.
func (c *Client) DataBytes(ctx context.Context, dir string) (int64, error) {
	response, err := c.call(ctx, Request{Op: OpData, Dir: dir})
	return value(response.Data).Bytes, err
}

// Wipe removes what is in a directory of the node's volume. The broker that
// uses it must be dead.
func (c *Client) Wipe(ctx context.Context, dir string) error {
	response, err := c.call(ctx, Request{Op: OpWipe, Dir: dir})
	if left := value(response.Data).Bytes; err == nil && left != 0 {
		return fmt.Errorf("%w: wipe %s: %d bytes are left", ErrAgent, dir, left)
	}
	return err
}

// Done is closed when the agent can no longer answer.
func (c *Client) Done() <-chan struct{} { return c.done }

func (c *Client) call(ctx context.Context, request Request) (Response, error) {
	answered := make(chan Response, 1)
	c.mu.Lock()
	c.nextID++
	request.ID = c.nextID
	c.waiting[request.ID] = answered
	c.mu.Unlock()
	defer c.forget(request.ID)

	line, err := json.Marshal(request)
	if err != nil {
		return Response{}, fmt.Errorf("%s: %w", request.Op, err)
	}
	if err := c.write(append(line, '\n')); err != nil {
		return Response{}, fmt.Errorf("%s: write to agent: %w", request.Op, err)
	}
	select {
	case response := <-answered:
		return checked(response)
	case <-c.done:
		select { // the last response may have come with the end
		case response := <-answered:
			return checked(response)
		default:
			return Response{}, fmt.Errorf("%s: %w", request.Op, c.broken)
		}
	case <-ctx.Done():
		return Response{}, fmt.Errorf("%s: no answer from agent: %w", request.Op, context.Cause(ctx))
	}
}

func checked(response Response) (Response, error) {
	if response.Error != "" {
		return response, fmt.Errorf("%w: %s", ErrAgent, response.Error)
	}
	return response, nil
}

func (c *Client) write(line []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err := c.requests.Write(line)
	return err
}

func (c *Client) forget(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

func (c *Client) read(responses io.Reader) {
	lines := bufio.NewReader(responses)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			c.broken = fmt.Errorf("agent ended: %w", err)
			close(c.done)
			return
		}
		var response Response
		if err := json.Unmarshal(line, &response); err != nil {
			c.broken = fmt.Errorf("agent answered %.60q: %w", line, err)
			close(c.done)
			return
		}
		c.mu.Lock()
		answered := c.waiting[response.ID]
		delete(c.waiting, response.ID)
		c.mu.Unlock()
		if answered != nil {
			answered <- response
		}
	}
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
