package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ackproof/ackproof/nemesis/agent"
	"github.com/ackproof/ackproof/nemesis/agent/clock"
	"github.com/ackproof/ackproof/nemesis/agent/network"
	"github.com/ackproof/ackproof/nemesis/agent/process"
)

// node is the namespaces that the agent is in.
type node struct {
	hello agent.Hello

	mu     sync.Mutex
	table  process.Table
	links  *network.Faults
	pauser *process.Pauser
	clocks *clock.Keeper
	state  agent.State

	changed chan struct{} // the state, for the reconciling
	healing chan struct{} // closed to end it
	ended   chan struct{}
	// drift is what the reconciling could not do since the last answer.
	drift error
}

// open probes the namespaces and takes them over.
func open() (*node, error) {
	links, err := network.Open(0)
	if err != nil {
		return nil, fmt.Errorf("heal what an earlier agent left: %w", err)
	}
	can := links.Capabilities()
	n := &node{
		links: links,
		hello: agent.Hello{
			Version: agent.ProtocolVersion,
			Arch:    runtime.GOARCH,
			Kernel:  kernel(),
			Capabilities: agent.Capabilities{
				NFTables: can.NFTables, Reject: can.Reject, NFQueue: can.NFQueue, Netem: can.Netem,
				Ptrace: probePtrace(), Clock: probeClock(),
			},
		},
		changed: make(chan struct{}, 1),
		healing: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	n.pauser = process.NewPauser(n.table)
	n.clocks = clock.NewKeeper(n.clockTargets)
	go n.reconcile()
	return n, nil
}

func kernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "unknown: " + err.Error()
	}
	return unix.ByteSliceToString(name.Release[:])
}

// Hello implements agent.Node.
func (n *node) Hello() agent.Hello { return n.hello }

// Apply implements agent.Node. What fails does not keep the rest from coming
// into force: a state is also how a node is healed.
func (n *node) Apply(state agent.State) (agent.Applied, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	applied := agent.Applied{Gen: n.state.Gen}
	if state.Gen < n.state.Gen {
		return applied, fmt.Errorf("gen %d: overtaken, allowed is %d or more", state.Gen, n.state.Gen)
	}
	n.state = state
	applied.Gen = state.Gen
	ms, linksErr := n.links.Apply(state)
	applied.MS = maps.Clone(ms)
	pauseErr := n.pause(applied.MS)
	clockErr := n.skew(applied.MS)
	select {
	case n.changed <- struct{}{}:
	default: // it has not looked since the last change anyway
	}
	return applied, errors.Join(linksErr, pauseErr, clockErr)
}

// pause brings the pauses of the state into force.
func (n *node) pause(ms map[string]float64) error {
	if len(n.state.Pause) == 0 && !n.pauser.Holds() {
		return nil
	}
	start := time.Now()
	changed, err := n.pauser.Apply(n.state.Pause)
	if changed {
		ms["pause"] = since(start)
	}
	if err != nil {
		return fmt.Errorf("pause: %w", err)
	}
	return nil
}

func since(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1000 }

// Kill implements agent.Node.
func (n *node) Kill(match agent.Match) (agent.Killed, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	start := time.Now()
	pids, err := n.table.Kill(match)
	if err != nil {
		err = fmt.Errorf("kill: %w", err)
	}
	return agent.Killed{PIDs: pids, MS: since(start)}, err
}

// Heal implements agent.Node. It ends the reconciling: nothing is served after
// it.
func (n *node) Heal() error {
	close(n.healing)
	<-n.ended
	n.mu.Lock()
	gen := n.state.Gen
	n.mu.Unlock()
	_, err := n.Apply(agent.State{Gen: gen})
	n.mu.Lock()
	defer n.mu.Unlock()
	return errors.Join(err, n.links.Close())
}
