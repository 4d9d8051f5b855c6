package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/ackproof/ackproof/nemesis"
)

// ByHand is what somebody asks of the nemesis of a playground: one of Apply,
// Heal and List.
type ByHand struct {
	// Apply is a fault to bring into force.
	Apply *nemesis.Fault `json:"apply,omitempty"`
	// Heal is the step to heal; 0 for all.
	Heal *int `json:"heal,omitempty"`
	// List asks for the faults in force.
	List bool `json:"list,omitempty"`
}

// answer is what the keeper of a playground says.
type answer struct {
	Reports []nemesis.Report `json:"reports"`
	Error   string           `json:"error,omitempty"`
	// Refused says that nothing was done.
	Refused bool `json:"refused,omitempty"`
}

// Ask asks the keeper of the playground, and tells of the faults that it
// applied, healed or listed. Its error is an *InputError if it was refused.
func (s PlaygroundState) Ask(ctx context.Context, what ByHand) ([]nemesis.Report, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", s.Nemesis)
	if err != nil {
		return nil, fmt.Errorf("ask the cluster's keeper: %w", err)
	}
	defer func() { _ = conn.Close() }() // what counts was read
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := json.NewEncoder(conn).Encode(what); err != nil {
		return nil, fmt.Errorf("ask the cluster's keeper: %w", err)
	}
	var said answer
	if err := json.NewDecoder(conn).Decode(&said); err != nil {
		return nil, fmt.Errorf("the cluster's keeper did not answer: %w", err)
	}
	switch {
	case said.Refused:
		return said.Reports, &InputError{errors.New(said.Error)}
	case said.Error != "":
		return said.Reports, errors.New(said.Error)
	}
	return said.Reports, nil
}

// socketName is the socket's, in a folder that holds nothing else.
const socketName = "nemesis.sock"

// keeper answers what is asked of a playground's nemesis, one connection for
// each question.
type keeper struct {
	machine  Machine
	hand     *nemesis.Hand
	listener net.Listener
	dir      string
	serving  sync.WaitGroup
}

// openKeeper listens on a socket of this machine. It has a folder of its own
// with a short name, since the kernel takes no long ones.
func openKeeper(m Machine, hand *nemesis.Hand) (*keeper, error) {
	dir, err := os.MkdirTemp("", "ackproof-")
	if err != nil {
		return nil, fmt.Errorf("nemesis: %w", err)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, socketName))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("nemesis: %w", err), os.RemoveAll(dir))
	}
	return &keeper{machine: m, hand: hand, listener: listener, dir: dir}, nil
}

func (k *keeper) address() string { return k.listener.Addr().String() }

// serve answers until close. Faults are applied under ctx.
func (k *keeper) serve(ctx context.Context) {
	k.serving.Go(func() {
		for {
			conn, err := k.listener.Accept()
			if err != nil {
				return // closed
			}
			k.serving.Go(func() {
				stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
				defer stop()
				defer func() { _ = conn.Close() }()
				k.converse(ctx, conn)
			})
		}
	})
}

// converse hears one question; who hangs up before the answer wants it no more.
// Nobody is told of what goes wrong with a connection but its other end.
func (k *keeper) converse(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var what ByHand
	decoder := json.NewDecoder(conn)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&what); err != nil {
		_ = json.NewEncoder(conn).Encode(answer{Error: "request: " + oneLine(err), Refused: true})
		return
	}
	go func() { // until the connection is closed, here or there
		_, _ = conn.Read(make([]byte, 1))
		cancel(errHungUp)
	}()
	_ = json.NewEncoder(conn).Encode(k.do(ctx, what))
}

var errHungUp = errors.New("who asked for it has hung up")

func (k *keeper) do(ctx context.Context, what ByHand) answer {
	var (
		said answer
		err  error
	)
	switch {
	case what.Apply != nil:
		if err := k.machine.refusesByHand(*what.Apply); err != nil {
			return answer{Error: err.Error(), Refused: true}
		}
		var report nemesis.Report
		report, err = k.hand.Apply(ctx, *what.Apply)
		said.Reports = []nemesis.Report{report}
	case what.Heal != nil:
		said.Reports, err = k.hand.Heal(ctx, *what.Heal)
	default:
		said.Reports = k.hand.List()
	}
	if err != nil {
		var refused *nemesis.RefusedError
		said.Error, said.Refused = oneLine(err), errors.As(err, &refused)
	}
	return said
}

// close ends the conversations and removes the socket.
func (k *keeper) close() error {
	err := k.listener.Close()
	k.serving.Wait()
	return errors.Join(err, os.RemoveAll(k.dir))
}
