package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/ackproof/ackproof/harness/cluster"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/nemesis/agent/clock"
)

// portTries is how often a node that found a port taken is started with others
// before that counts as its death.
const portTries = 5

// ports are where one broker listens itself, behind the links.
type ports struct{ inside, outside, http int }

// node is one broker: its folders, its log, and its process of the moment.
type node struct {
	id      int
	dir     string
	log     *nodeLog
	cluster *Cluster

	ports   atomic.Pointer[ports]
	process atomic.Pointer[process] // the last one; nil before the first start

	mu     sync.Mutex // one action at a time; guards what follows
	wanted bool       // it should be running
	starts int
	moves  int // how often it took other ports
	clock  *clock.Keeper
	// Closed to end keepClock, and by its end; nil while the clock is right.
	clockEnd, clockEnded chan struct{}
}

func newNode(c *Cluster, id int) (*node, error) {
	n := &node{id: id, dir: nodeDir(c.options.Dir, id), cluster: c}
	n.clock = clock.NewKeeper(n.clockTargets)
	for _, dir := range []string{n.dataDir(), n.metadataDir()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	if err := n.takePorts(); err != nil {
		return nil, err
	}
	var err error
	n.log, err = openLog(n.logPath())
	return n, err
}

// nodeDir is where a node's configuration and data lie.
func nodeDir(dir string, id int) string { return filepath.Join(dir, fmt.Sprintf("node-%d", id)) }

func (n *node) dataDir() string     { return filepath.Join(n.dir, "data") }
func (n *node) metadataDir() string { return filepath.Join(n.dir, "metadata") }
func (n *node) configPath() string  { return filepath.Join(n.dir, "broker.properties") }
func (n *node) logPath() string     { return n.dir + ".log" }

func (n *node) takePorts() error {
	free, err := freePorts(3)
	if err != nil {
		return err
	}
	n.ports.Store(&ports{inside: free[0], outside: free[1], http: free[2]})
	return nil
}

// start starts the broker, unless it runs, with the data that it has.
func (n *node) start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wanted = true
	return n.startLocked()
}

func (n *node) startLocked() error {
	if n.cluster.stopped.Load() {
		return fmt.Errorf("start node %d: the cluster is stopped", n.id)
	}
	if last := n.process.Load(); last != nil {
		if state, err := last.state(); err != nil || state != nemesis.StateDead {
			return err
		}
		<-last.exited // its end is on record before the next begins
	}
	if err := n.writeConfig(); err != nil {
		return fmt.Errorf("start node %d: %w", n.id, err)
	}
	n.starts++
	n.log.note("start %d: %s --config %s", n.starts, n.cluster.options.Binary, n.configPath())
	n.log.mark()
	p, err := spawn(n.cluster.thread, n.cluster.options.Binary, []string{"--config", n.configPath()},
		n.log, n.cluster.aliveRead, n.ended)
	if err != nil {
		return fmt.Errorf("start node %d: %w", n.id, err)
	}
	n.process.Store(p)
	_ = n.clock.Reconcile() // at once: a skewed clock is, also after a restart
	return nil
}

// ended notes the end of a process. One that found its port taken, which can
// happen between our looking and its listening, is started with others.
func (n *node) ended(p *process, ordered bool) {
	if ordered {
		n.log.note("%s ended by order of the harness: %v", p.incarnation(), p.cmd.ProcessState)
		return
	}
	if n.log.portTaken() {
		go n.move(p)
		return
	}
	n.crash(p)
}

func (n *node) crash(p *process) {
	words := n.log.lastWords()
	n.log.note("%s ended by itself: %v", p.incarnation(), p.cmd.ProcessState)
	if cluster.DiskFull(words) {
		n.cluster.lose(fmt.Errorf("%w: node %d: %s", cluster.ErrDiskFull, n.id, words))
	} else {
		n.cluster.recordUnexpected(fmt.Sprintf("node %d (%s) ended by itself: %v: %s (log: %s)",
			n.id, p.incarnation(), p.cmd.ProcessState, words, n.logPath()))
	}
	p.crashed.Store(true)
}

// move starts the broker again on other ports.
func (n *node) move(from *process) {
	<-from.exited
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.wanted || n.process.Load() != from || n.cluster.stopped.Load() {
		return
	}
	// Without links between them, peers and clients would not find it elsewhere.
	if n.moves++; n.moves > portTries || n.cluster.options.Direct {
		n.crash(from)
		return
	}
	err := n.takePorts()
	if err == nil {
		err = n.startLocked()
	}
	if err != nil {
		n.log.note("start on other ports: %v", err)
		n.crash(from)
	}
}

func (n *node) kill(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wanted = false
	if p := n.process.Load(); p != nil {
		return p.kill(ctx)
	}
	return nil
}

// terminate asks the broker to end in order, and does not wait for it.
func (n *node) terminate() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wanted = false
	if p := n.process.Load(); p != nil {
		return p.terminate()
	}
	return nil
}

func (n *node) pause(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	state, err := n.state()
	if err != nil {
		return err
	}
	if state == nemesis.StateDead {
		return fmt.Errorf("pause node %d: it is dead", n.id)
	}
	return n.process.Load().pause(ctx)
}

func (n *node) resume(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if state, err := n.state(); err != nil || state != nemesis.StateStopped {
		return err
	}
	return n.process.Load().resume(ctx)
}

func (n *node) state() (string, error) {
	p := n.process.Load()
	if p == nil {
		return nemesis.StateDead, nil
	}
	return p.state()
}

// wipe removes the partition data of the dead broker. Its share of the
// metadata quorum stays: a voter that forgets its vote is not a fault that the
// quorum claims to survive.
func (n *node) wipe() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	state, err := n.state()
	if err != nil {
		return err
	}
	if state != nemesis.StateDead {
		return fmt.Errorf("wipe node %d: it is %s, allowed is %s", n.id, state, nemesis.StateDead)
	}
	if err := os.RemoveAll(n.dataDir()); err != nil {
		return fmt.Errorf("wipe node %d: %w", n.id, err)
	}
	if err := os.Mkdir(n.dataDir(), 0o755); err != nil {
		return fmt.Errorf("wipe node %d: %w", n.id, err)
	}
	n.log.note("partition data wiped")
	return nil
}

// dataBytes sums the sizes of the partition data's files. The broker may be
// running and remove some of them meanwhile.
func (n *node) dataBytes() (int64, error) {
	var sum int64
	err := filepath.WalkDir(n.dataDir(), func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil {
				sum += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("measure data of node %d: %w", n.id, err)
	}
	return sum, nil
}
