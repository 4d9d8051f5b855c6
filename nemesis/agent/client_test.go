package agent

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// connect joins a client to an agent that serves the node.
func connect(t *testing.T, node Node) *Client {
	t.Helper()
	agentIn, requests := io.Pipe()
	responses, agentOut := io.Pipe()
	served := make(chan error, 1)
	go func() {
		served <- Serve(node, agentIn, agentOut)
		agentOut.Close()
	}()
	t.Cleanup(func() {
		requests.Close()
		require.NoError(t, <-served)
	})
	return NewClient(requests, responses)
}

func TestClientAndServeUnderstandEachOther(t *testing.T) {
	c := connect(t, &fakeNode{})
	hello, err := c.Hello(t.Context())
	require.NoError(t, err)
	require.Equal(t, "pdp11", hello.Arch)
	applied, err := c.Apply(t.Context(), State{
		Gen: 7, Seed: 1, Peers: map[string]string{"n2": "10.0.0.2"},
		Links: map[string]Link{"n2": {CutReplies: true, LossPercent: 0.5, DelayMS: 1, JitterMS: 2, Reorder: true}},
		Pause: []Match{{Name: "java", Cmdline: "kafka.Kafka"}},
		Clock: &Clock{Match: Match{Name: "java"}, OffsetMS: -1, Rate: 1.5, StrobeMS: 3, StrobePeriodMS: 4},
	})
	require.NoError(t, err)
	require.Equal(t, Applied{Gen: 7, MS: map[string]float64{"nftables": 1.5}}, applied)
	killed, err := c.Kill(t.Context(), Match{Name: "ackbroker"})
	require.NoError(t, err)
	require.Equal(t, []int{7}, killed.PIDs)
	stats, err := c.Stats(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, stats.Gen)
}

func TestClientGivesWhatIsInForceWithTheError(t *testing.T) {
	c := connect(t, &fakeNode{fail: errors.New("no rule")})
	applied, err := c.Apply(t.Context(), State{Gen: 7})
	require.ErrorIs(t, err, ErrAgent)
	require.EqualError(t, err, "agent: no rule")
	require.EqualValues(t, 7, applied.Gen)
}

func TestClientMayBeUsedByMany(t *testing.T) {
	c := connect(t, &fakeNode{})
	var wait sync.WaitGroup
	for gen := range int64(50) {
		wait.Go(func() {
			applied, err := c.Apply(t.Context(), State{Gen: gen})
			if err != nil || applied.Gen != gen {
				t.Errorf("gen %d was answered with %d, %v", gen, applied.Gen, err)
			}
		})
	}
	wait.Wait()
}

// script is an agent of fixed answers.
func script(t *testing.T, answers ...string) *Client {
	t.Helper()
	agentIn, requests := io.Pipe()
	responses, agentOut := io.Pipe()
	go func() {
		lines := bufio.NewReader(agentIn)
		for _, answer := range answers {
			if _, err := lines.ReadString('\n'); err != nil {
				break
			}
			fmt.Fprint(agentOut, answer)
		}
		agentOut.Close()
		io.Copy(io.Discard, lines)
	}()
	t.Cleanup(func() { requests.Close() })
	return NewClient(requests, responses)
}

func TestClientTellsHowAnAgentFails(t *testing.T) {
	tests := map[string]struct{ answer, want string }{
		"it ended":        {"", "hello: agent ended: EOF"},
		"in mid-line":     {`{"id":1,`, "hello: agent ended: EOF"},
		"not JSON":        {"panic: oh\n", `hello: agent answered "panic: oh\n": invalid character 'p' looking for beginning of value`},
		"another version": {`{"id":1,"hello":{"version":99}}` + "\n", "agent: protocol version 99: allowed is 1"},
		"without a hello": {`{"id":1}` + "\n", "agent: hello answered without one"},
		"to another":      {`{"id":8,"hello":{"version":1}}` + "\n", "hello: agent ended: EOF"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := script(t, test.answer)
			_, err := c.Hello(t.Context())
			require.EqualError(t, err, test.want)
			<-c.Done()
			_, err = c.Stats(t.Context())
			require.ErrorContains(t, err, "stats: agent ", "nobody is there any more")
		})
	}
}

func TestClientStopsWaitingWithItsContext(t *testing.T) {
	agentIn, requests := io.Pipe()
	responses, agentOut := io.Pipe()
	c := NewClient(requests, responses)
	ctx, cancel := context.WithCancelCause(t.Context())
	lines := bufio.NewReader(agentIn)
	go func() {
		lines.ReadString('\n')
		cancel(errors.New("the run is over"))
	}()
	_, err := c.Stats(ctx)
	require.EqualError(t, err, "stats: no answer from agent: the run is over")

	// The late answer is nobody's, and the next question gets its own.
	go func() {
		fmt.Fprintln(agentOut, `{"id":1,"stats":{"gen":1}}`)
		lines.ReadString('\n')
		fmt.Fprintln(agentOut, `{"id":2,"stats":{"gen":2}}`)
	}()
	stats, err := c.Stats(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, stats.Gen)
}
