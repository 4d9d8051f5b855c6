package docker

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/nemesis/agent"
)

// node is one broker in its sandbox: the agent that owns the sandbox, the
// broker's container, their log, and what is wrong with them at the moment.
type node struct {
	id      int
	cluster *Cluster
	log     *nodeLog

	// Set by start-up, and then never changed.
	broker     string // the container's id
	attachment *attachment
	agent      *agent.Client
	hello      agent.Hello
	clientPort int // on the host that publishes
	httpPort   int

	life atomic.Pointer[life] // the last one; nil before the first start

	mu     sync.Mutex // one action at a time; guards what follows
	starts int
	faults faults
	unsure bool // faults may not be what is in force
}

// faults is what is wrong with a node, as its agent is to have it.
type faults struct {
	links  map[string]agent.Link
	paused bool
	clock  *agent.Clock
}

// start starts the broker, unless it runs, with the data that it has.
func (n *node) start(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cluster.stopped.Load() {
		return fmt.Errorf("start node %d: the cluster is stopped", n.id)
	}
	if n.broker == "" {
		return fmt.Errorf("start node %d: it has no container, allowed is a cluster that started", n.id)
	}
	if last := n.life.Load(); last != nil && !last.over() {
		return nil
	}
	n.starts++
	n.log.begin(n.starts)
	l, err := n.begin(ctx)
	if err != nil {
		return fmt.Errorf("start node %d: %w", n.id, err)
	}
	n.life.Store(l)
	return nil
}

// kill ends the broker, and with it a pause: the next incarnation runs.
func (n *node) kill(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.life.Load()
	if l == nil {
		return nil
	}
	if l.over() {
		return l.unknown
	}
	if err := n.end(ctx, l); err != nil {
		return fmt.Errorf("kill node %d: %w", n.id, err)
	}
	if !n.faults.paused && !n.unsure {
		return nil
	}
	// Only now: continued before its end it would run on for a moment.
	return n.change(ctx, func(f *faults) { f.paused = false })
}

// terminate asks the broker to end in order, and does not wait for it. It is asked
// once: a broker that is asked twice ends at once.
func (n *node) terminate(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.life.Load()
	if l == nil || l.over() || l.asked.Swap(true) {
		return nil
	}
	_, err := n.cluster.engine.api.ContainerKill(ctx, n.broker, client.ContainerKillOptions{Signal: "SIGTERM"})
	if err != nil && !errdefs.IsConflict(err) && !errdefs.IsNotFound(err) { // conflict: it is dead
		if ctx.Err() == nil { // or else it may have been asked
			l.asked.Store(false)
		}
		return fmt.Errorf("terminate node %d: %w", n.id, explain(err))
	}
	return nil
}

func (n *node) pause(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.life.Load(); l == nil || l.over() {
		return fmt.Errorf("pause node %d: it is dead", n.id)
	}
	return n.change(ctx, func(f *faults) { f.paused = true })
}

func (n *node) resume(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.faults.paused && !n.unsure {
		return nil
	}
	return n.change(ctx, func(f *faults) { f.paused = false })
}

func (n *node) wipe(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	state, err := n.running(ctx)
	if err != nil {
		return err
	}
	if state != nemesis.StateDead {
		return fmt.Errorf("wipe node %d: it is %s, allowed is %s", n.id, state, nemesis.StateDead)
	}
	if n.agent == nil {
		return nil // it never had data
	}
	if err := n.agent.Wipe(ctx, logsDir); err != nil {
		return fmt.Errorf("wipe node %d: %w", n.id, flatten(err))
	}
	n.log.note("partition data wiped")
	return nil
}

// change brings faults into force and returns when the agent has read them
// back. A change that failed may be in force in part, so that the next one is
// never skipped.
func (n *node) change(ctx context.Context, change func(*faults)) error {
	next := n.faults
	change(&next)
	if n.agent == nil {
		return fmt.Errorf("node %d: it has no agent, allowed is a cluster that started", n.id)
	}
	n.unsure = true
	if _, err := n.agent.Apply(ctx, n.state(next)); err != nil {
		return fmt.Errorf("node %d: %w", n.id, n.blame(ctx, err))
	}
	n.faults, n.unsure = next, false
	return nil
}

// state is everything that is wrong with the node, in the agent's words.
func (n *node) state(f faults) agent.State {
	s := agent.State{
		Gen: n.cluster.generation.Add(1), Seed: n.cluster.options.Seed,
		Peers: n.cluster.peers(n.id), Links: f.links, Clock: f.clock,
	}
	if f.paused {
		s.Pause = []agent.Match{everything}
	}
	return s
}

// everything picks all processes of a sandbox but the agent: the broker, by
// whatever name.
var everything = agent.Match{}

// blame says who is behind an agent that did not do what it was asked.
func (n *node) blame(ctx context.Context, err error) error {
	if !n.agentEnded() {
		return flatten(err)
	}
	if _, ping := n.cluster.engine.api.Ping(ctx, client.PingOptions{}); ping != nil {
		return explain(ping)
	}
	return flatten(fmt.Errorf("its agent is gone: %w", err))
}
