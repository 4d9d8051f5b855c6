package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/ackproof/ackproof/nemesis"
)

// How a container's exit code tells SIGKILL and SIGTERM.
const (
	exitKilled     = 128 + 9
	exitTerminated = 128 + 15
)

// life is one incarnation of a broker: from a start of its container to its
// end.
type life struct {
	name    string        // the incarnation's
	done    chan struct{} // closed when it ended and its log is complete
	ordered atomic.Bool   // the harness ended it
	asked   atomic.Bool   // the harness asked it to end in order

	// Valid when done is closed.
	exit    int64
	unknown error // why the end could not be told, if so
}

func (l *life) over() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// crashed tells whether the broker ended although nobody ordered it.
func (l *life) crashed() bool { return l.over() && l.unknown == nil && !l.byOrder() }

// wasKilled tells whether it ended by our hand: a broker that was faster with
// an end of its own has another exit code.
func (l *life) wasKilled() bool { return l.ordered.Load() && l.exit == exitKilled }

// endedAsAsked tells whether it ended because we asked it to, without an error or by
// SIGTERM itself: a broker that has only just started does not catch it yet.
func (l *life) endedAsAsked() bool {
	return l.asked.Load() && (l.exit == 0 || l.exit == exitTerminated)
}

// byOrder tells whether it ended by our hand, or because we asked it to.
func (l *life) byOrder() bool { return l.wasKilled() || l.endedAsAsked() }

// begin starts the broker's container and watches it from then on.
func (n *node) begin(ctx context.Context) (*life, error) {
	e := n.cluster.engine
	printed, err := e.listen(ctx, n.broker)
	if err != nil {
		return nil, err
	}
	if _, err := e.api.ContainerStart(ctx, n.broker, client.ContainerStartOptions{}); err != nil {
		_ = printed.Close() // nothing was
		return nil, explain(err)
	}
	inspected, err := e.api.ContainerInspect(ctx, n.broker, client.ContainerInspectOptions{})
	if err != nil {
		_ = printed.Close() // nobody will watch it
		return nil, explain(err)
	}
	l := &life{name: incarnation(inspected.Container), done: make(chan struct{})}
	n.cluster.watchers.Go(func() { n.watch(l, printed) })
	return l, nil
}

// incarnation names the container's last start.
func incarnation(broker container.InspectResponse) string {
	return "started " + broker.State.StartedAt
}

// watch follows the broker's log to its end, and puts that on record.
func (n *node) watch(l *life, printed io.ReadCloser) {
	defer close(l.done)
	e, ctx := n.cluster.engine, n.cluster.watching
	stop := context.AfterFunc(ctx, func() { _ = printed.Close() })
	if err := n.log.follow(printed); err != nil && ctx.Err() == nil {
		n.log.note("%v", err)
	}
	if stop() {
		_ = printed.Close() // it is read to its end, or broken
	}
	wait := e.api.ContainerWait(ctx, n.broker, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case result := <-wait.Result:
		l.exit = result.StatusCode
		n.ended(l)
	case err := <-wait.Error:
		l.unknown = explain(err)
		n.log.note("its end is unknown: %v", l.unknown)
	}
}

// ended notes the end of a broker, and records one that nobody ordered.
func (n *node) ended(l *life) {
	if l.byOrder() {
		n.log.note("ended by order of the harness: exit code %d", l.exit)
		return
	}
	how := fmt.Sprintf("ended by itself: exit code %d", l.exit)
	if n.agentEnded() {
		how = fmt.Sprintf("ended with its agent: exit code %d", l.exit)
	}
	words := n.log.lastWords()
	n.log.note("%s", how)
	n.cluster.died(death{l.exit,
		fmt.Sprintf("node %d (%s) %s: %s (log: %s)", n.id, l.name, how, words, n.log.file.Name())}, n.id, words)
}

// endedWell tells whether the broker has ended, and without an error.
func (n *node) endedWell(ctx context.Context) (bool, error) {
	l := n.life.Load()
	if l == nil {
		return false, nil
	}
	if state, err := n.running(ctx); err != nil || state != nemesis.StateDead {
		return false, err
	}
	select {
	case <-l.done: // its processes are gone before the engine knows how they ended
		return l.unknown == nil && l.exit == 0, l.unknown
	case <-ctx.Done():
		return false, fmt.Errorf("it is dead and not known how: %w", context.Cause(ctx))
	}
}

// agentEnded tells whether the sandbox is gone, and so could not have been
// survived.
func (n *node) agentEnded() bool {
	select {
	case <-n.agent.Done():
		return true
	default:
		return false
	}
}

// end kills the broker and returns when the engine shows that it is dead. The
// agent does it, in a millisecond; the engine, which takes a hundred, where the
// agent cannot or found nobody.
func (n *node) end(ctx context.Context, l *life) error {
	l.ordered.Store(true)
	killed, err := n.agent.Kill(ctx, everything)
	if err != nil || len(killed.PIDs) == 0 {
		_, byEngine := n.cluster.engine.api.ContainerKill(ctx, n.broker, client.ContainerKillOptions{Signal: "SIGKILL"})
		if byEngine != nil && !errdefs.IsConflict(byEngine) && !errdefs.IsNotFound(byEngine) { // conflict: it is dead
			return flatten(errors.Join(err, explain(byEngine)))
		}
	}
	select {
	case <-l.done:
		return l.unknown
	case <-ctx.Done():
		return fmt.Errorf("it was killed and is not dead: %w", context.Cause(ctx))
	}
}
