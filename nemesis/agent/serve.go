package agent

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/ackproof/ackproof/nemesis/agent/data"
)

// Node is what serves the requests: one node's namespaces. Calls never
// overlap.
type Node interface {
	Hello() Hello
	// Apply brings a valid state into force; on an error it says in Applied what
	// came into force nevertheless.
	Apply(State) (Applied, error)
	Kill(Match) (Killed, error)
	Stats() (Stats, error)
	// Heal makes the node healthy, whatever was in force.
	Heal() error
}

// Serve answers the requests of in on out, one after the other, until in ends;
// then it heals the node. It returns what could not be healed, or why in could
// not be read or out not be written: those end the session like a closed in,
// since an agent that nobody can reach must not leave a fault behind.
func Serve(node Node, in io.Reader, out io.Writer) error {
	session := serveUntilClosed(node, in, out)
	if err := node.Heal(); err != nil {
		return errors.Join(session, fmt.Errorf("heal: %w", err))
	}
	return session
}

func serveUntilClosed(node Node, in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	responses := json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // a line without its end was never sent completely
		}
		if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		if err := responses.Encode(answer(node, line)); err != nil {
			return fmt.Errorf("write response: %w", err)
		}
	}
}

func answer(node Node, line []byte) Response {
	var request Request
	decoder := json.NewDecoder(bytes.NewReader(line))
	// A fault whose name the agent does not know must not pass as no fault.
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return Response{ID: request.ID, Error: fmt.Sprintf("request: %v", err)}
	}
	response, err := dispatch(node, request)
	response.ID = request.ID
	if err != nil {
		response.Error = strings.ReplaceAll(err.Error(), "\n", "; ") // of joined errors
	}
	return response
}

func dispatch(node Node, request Request) (Response, error) {
	switch request.Op {
	case OpHello:
		hello := node.Hello()
		return Response{Hello: &hello}, nil
	case OpState:
		if request.State == nil {
			return Response{}, errors.New("state: missing, op state needs one")
		}
		if err := request.State.Validate(); err != nil {
			return Response{}, fmt.Errorf("state: %w", err)
		}
		applied, err := node.Apply(*request.State)
		return Response{Applied: &applied}, err
	case OpKill:
		if request.Kill == nil {
			return Response{}, errors.New("kill: missing, op kill needs a match")
		}
		killed, err := node.Kill(*request.Kill)
		return Response{Killed: &killed}, err
	case OpStats:
		stats, err := node.Stats()
		return Response{Stats: &stats}, err
	case OpData, OpWipe:
		if !filepath.IsAbs(request.Dir) || filepath.Clean(request.Dir) == "/" {
			return Response{}, fmt.Errorf("dir %q: allowed is the absolute path of a directory below the root", request.Dir)
		}
		if request.Op == OpWipe {
			if err := data.Wipe(request.Dir); err != nil {
				return Response{}, err
			}
		}
		bytes, err := data.Size(request.Dir)
		return Response{Data: &Data{Bytes: bytes}}, err
	default:
		return Response{}, fmt.Errorf("op %q: allowed are %s, %s, %s, %s, %s, %s",
			request.Op, OpHello, OpState, OpKill, OpStats, OpData, OpWipe)
	}
}
