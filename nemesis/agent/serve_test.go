package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeNode records what it was asked.
type fakeNode struct {
	calls []string
	fail  error
	heal  error
}

func (n *fakeNode) called(format string, args ...any) {
	n.calls = append(n.calls, fmt.Sprintf(format, args...))
}

func (n *fakeNode) Hello() Hello {
	n.called("hello")
	return Hello{Version: ProtocolVersion, Arch: "pdp11"}
}

func (n *fakeNode) Apply(s State) (Applied, error) {
	n.called("apply %d", s.Gen)
	return Applied{Gen: s.Gen, MS: map[string]float64{"nftables": 1.5}}, n.fail
}

func (n *fakeNode) Kill(m Match) (Killed, error) {
	n.called("kill %s", m.Name)
	return Killed{PIDs: []int{7}}, n.fail
}

func (n *fakeNode) Stats() (Stats, error) {
	n.called("stats")
	return Stats{Gen: 3}, n.fail
}

func (n *fakeNode) Heal() error {
	n.called("heal")
	return n.heal
}

func served(t *testing.T, node *fakeNode, requests string) (responses []string) {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, Serve(node, strings.NewReader(requests), &out))
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func TestServeAnswersInOrderAndHealsAtTheEnd(t *testing.T) {
	node := &fakeNode{}
	got := served(t, node, `{"id":4,"op":"state","state":{"gen":9}}
{"id":5,"op":"kill","kill":{"name":"ackbroker"}}
{"id":6,"op":"stats"}
`)
	require.Equal(t, []string{"apply 9", "kill ackbroker", "stats", "heal"}, node.calls)
	require.Equal(t, `{"id":4,"applied":{"gen":9,"ms":{"nftables":1.5}}}`, got[0])
	require.Equal(t, `{"id":5,"killed":{"pids":[7],"ms":0}}`, got[1])
	require.Contains(t, got[2], `{"id":6,"stats":{"gen":3,`)
}

func TestServeNamesWhatIsWrong(t *testing.T) {
	tests := map[string]struct{ request, want string }{
		"not JSON":       {`{"id":1`, `{"id":0,"error":"request: unexpected EOF"}`},
		"unknown fault":  {`{"id":1,"op":"state","state":{"magic":true}}`, `{"id":1,"error":"request: json: unknown field \"magic\""}`},
		"unknown op":     {`{"id":1,"op":"explode"}`, `{"id":1,"error":"op \"explode\": allowed are hello, state, kill, stats, `},
		"no state":       {`{"id":1,"op":"state"}`, `{"id":1,"error":"state: missing, op state needs one"}`},
		"bad state":      {`{"id":1,"op":"state","state":{"clock":{"rate":-1}}}`, `{"id":1,"error":"state: clock: rate -1: allowed are `},
		"no match":       {`{"id":1,"op":"kill"}`, `{"id":1,"error":"kill: missing, op kill needs a match"}`},
		"no directory":   {`{"id":1,"op":"wipe"}`, `{"id":1,"error":"dir \"\": allowed is the absolute path of a directory below the root"}`},
		"root directory": {`{"id":1,"op":"wipe","dir":"/x/.."}`, `{"id":1,"error":"dir \"/x/..\": allowed is `},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			node := &fakeNode{}
			require.Contains(t, served(t, node, test.request+"\n")[0], test.want)
			require.Equal(t, []string{"heal"}, node.calls, "nothing was done")
		})
	}
}

func TestServeTellsAFailureBesideWhatIsInForce(t *testing.T) {
	node := &fakeNode{fail: errors.Join(errors.New("no rule"), errors.New("no clock"))}
	got := served(t, node, `{"id":1,"op":"state","state":{"gen":2}}`+"\n")
	require.Equal(t, []string{`{"id":1,"error":"no rule; no clock","applied":{"gen":2,"ms":{"nftables":1.5}}}`}, got)
}

func TestServeIgnoresAHalfLine(t *testing.T) {
	node := &fakeNode{}
	require.NoError(t, Serve(node, strings.NewReader(`{"id":1,"op":"kill","kill":{}}`), io.Discard))
	require.Equal(t, []string{"heal"}, node.calls)
}

func TestServeHealsHoweverItEnds(t *testing.T) {
	broken := errors.New("broken pipe")
	tests := map[string]struct {
		in   io.Reader
		out  io.Writer
		heal error
		want string
	}{
		"in broken":      {failing{broken}, io.Discard, nil, "read request: broken pipe"},
		"out broken":     {strings.NewReader(`{"id":1,"op":"stats"}` + "\n"), failing{broken}, nil, "write response: broken pipe"},
		"cannot be done": {strings.NewReader(""), io.Discard, errors.New("rules stay"), "heal: rules stay"},
		"both":           {failing{broken}, io.Discard, errors.New("rules stay"), "read request: broken pipe\nheal: rules stay"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			node := &fakeNode{heal: test.heal}
			require.EqualError(t, Serve(node, test.in, test.out), test.want)
			require.Equal(t, "heal", node.calls[len(node.calls)-1])
		})
	}
}

// failing is a broken pipe, to both sides.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }
