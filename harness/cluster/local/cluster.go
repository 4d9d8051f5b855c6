// Package local makes a cluster of child processes on loopback: the real
// broker binary, without containers and without root. Every connection between
// two brokers, and between clients and a broker, goes through a link in this
// process that can be cut in one direction, delayed or reset. Clocks can be
// wrong where the kernel lets a process patch its children: see ProbeClock.
//
// It promises that no child outlives the cluster: Stop ends them, and if the
// harness dies without it, also by SIGKILL, so do they. On Linux the kernel
// sees to that. Elsewhere a broker ends when the pipe closes that the
// environment variable ACKBROKER_PARENT_PIPE names; a paused one can't, and
// stays until it is continued. It assumes that links are the only way between
// brokers, so it tells brokers no other addresses.
//
// A broker that ends although nobody ordered it is never hidden: see
// Unexpected.
package local

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ackproof/ackproof/harness/cluster"
	"github.com/ackproof/ackproof/nemesis"
)

var _ cluster.Cluster = (*Cluster)(nil)

// Cluster is a set of brokers as child processes. Its methods may be called
// from several goroutines.
type Cluster struct {
	options Options
	id      string
	nodes   []*node
	proxies *proxies
	thread  *thread

	// The pipe whose end tells children that we are gone.
	aliveRead, aliveWrite *os.File

	mu         sync.Mutex
	unexpected []string
	lost       error

	stopped  atomic.Bool
	stopOnce sync.Once
	stopErr  error
}

// New makes the folders, ports and links of a cluster, and starts nothing.
// Stop must be called also if Start never is.
func New(options Options) (*Cluster, error) {
	options, err := options.normalize()
	if err != nil {
		return nil, fmt.Errorf("local cluster: %w", err)
	}
	c := &Cluster{options: options, id: newClusterID(), thread: newThread()}
	if err := c.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("local cluster: %w", err), c.Stop())
	}
	return c, nil
}

func (c *Cluster) prepare() error {
	var err error
	if c.aliveRead, c.aliveWrite, err = os.Pipe(); err != nil {
		return err
	}
	for id := 1; id <= c.options.Nodes; id++ {
		n, err := newNode(c, id)
		if err != nil {
			return err
		}
		c.nodes = append(c.nodes, n)
	}
	c.proxies, err = openProxies(c.options.Nodes,
		func(id int) string { return address(c.nodes[id-1].ports.Load().inside) },
		func(id int) string { return address(c.nodes[id-1].ports.Load().outside) })
	return err
}

// newClusterID draws an id in Kafka's form: 128 bits, base64. It is not of the
// run's seed, so that brokers of two runs never take each other for peers.
func newClusterID() string {
	var id [16]byte
	rand.Read(id[:])
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// Start starts all brokers and returns when each is healthy, or one ended.
func (c *Cluster) Start(ctx context.Context) error {
	for _, n := range c.nodes {
		if err := n.start(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.options.StartTimeout,
		fmt.Errorf("not healthy within %v", c.options.StartTimeout))
	defer cancel()
	return c.WaitHealthy(ctx)
}

// Size is the number of nodes.
func (c *Cluster) Size() int { return len(c.nodes) }

// node finds a node by its number.
func (c *Cluster) node(id int) (*node, error) {
	if id < 1 || id > len(c.nodes) {
		return nil, fmt.Errorf("node %d: allowed are 1 to %d", id, len(c.nodes))
	}
	return c.nodes[id-1], nil
}

// Kill implements nemesis.Cluster.
func (c *Cluster) Kill(ctx context.Context, id int) error {
	return c.on(id, func(n *node) error { return n.kill(ctx) })
}

// Terminate implements nemesis.Cluster.
func (c *Cluster) Terminate(_ context.Context, id int) error { return c.on(id, (*node).terminate) }

// Restart implements nemesis.Cluster.
func (c *Cluster) Restart(_ context.Context, id int) error {
	return c.on(id, (*node).start)
}

// WipeData implements nemesis.Cluster. The node must be dead.
func (c *Cluster) WipeData(_ context.Context, id int) error {
	return c.on(id, (*node).wipe)
}

// Pause implements nemesis.Cluster. A dead node can't be paused.
func (c *Cluster) Pause(ctx context.Context, id int) error {
	return c.on(id, func(n *node) error { return n.pause(ctx) })
}

// Resume implements nemesis.Cluster. A node that is not paused stays as it is.
func (c *Cluster) Resume(ctx context.Context, id int) error {
	return c.on(id, func(n *node) error { return n.resume(ctx) })
}

func (c *Cluster) on(id int, act func(*node) error) error {
	n, err := c.node(id)
	if err != nil {
		return err
	}
	return act(n)
}

// Running implements nemesis.Cluster.
func (c *Cluster) Running(id int) (string, error) {
	n, err := c.node(id)
	if err != nil {
		return "", err
	}
	return n.state()
}

// Incarnation implements nemesis.Cluster: it is the pid.
func (c *Cluster) Incarnation(id int) (string, error) {
	n, err := c.node(id)
	if err != nil {
		return "", err
	}
	if p := n.process.Load(); p != nil {
		return p.incarnation(), nil
	}
	return "never started", nil
}

// EndedWell implements nemesis.Cluster.
func (c *Cluster) EndedWell(ctx context.Context, id int) (bool, error) {
	n, err := c.node(id)
	if err != nil {
		return false, err
	}
	p := n.process.Load()
	if p == nil {
		return false, nil
	}
	well, err := p.endedWell(ctx)
	if err != nil {
		return false, fmt.Errorf("end of node %d: %w", id, err)
	}
	return well, nil
}

// DataBytes implements nemesis.Cluster.
func (c *Cluster) DataBytes(id int) (int64, error) {
	n, err := c.node(id)
	if err != nil {
		return 0, err
	}
	return n.dataBytes()
}

// SetLinks implements nemesis.Cluster. Bytes that a link was writing out when
// it was cut may still arrive, as those on a wire do: one read of each
// connection at most.
func (c *Cluster) SetLinks(_ context.Context, links nemesis.Links) error {
	return c.proxies.set(links)
}

// LinkStats implements nemesis.Cluster.
func (c *Cluster) LinkStats() map[nemesis.Link]nemesis.LinkStats { return c.proxies.stats() }

// Heal implements nemesis.Cluster: it also restarts brokers that died by
// themselves, which stay on record as Unexpected.
func (c *Cluster) Heal(ctx context.Context) error {
	errs := []error{c.SetLinks(ctx, nil)}
	for _, n := range c.nodes {
		errs = append(errs, n.resume(ctx), n.start(), n.setClock(nemesis.Clock{}))
	}
	return errors.Join(errs...)
}

// Bootstrap lists the addresses that clients connect to, node 1 first.
func (c *Cluster) Bootstrap() []string {
	var addresses []string
	for _, n := range c.nodes {
		addresses = append(addresses, c.outsideAddress(n))
	}
	return addresses
}

// Log is the path of a node's log; "" if there is no such node.
func (c *Cluster) Log(id int) string {
	n, err := c.node(id)
	if err != nil {
		return ""
	}
	return n.logPath()
}

// HTTP is the address of a node's health and metrics, past all links; "" if
// there is no such node. It changes if a start found the port taken.
func (c *Cluster) HTTP(id int) string {
	n, err := c.node(id)
	if err != nil {
		return ""
	}
	return address(n.ports.Load().http)
}

// Describe implements cluster.Cluster.
func (c *Cluster) Describe() map[string]string {
	about := map[string]string{
		"cluster": "local",
		"id":      c.id,
		"nodes":   strconv.Itoa(len(c.nodes)),
		"binary":  c.options.Binary,
		"dir":     c.options.Dir,
		"system":  runtime.GOOS + "/" + runtime.GOARCH,
	}
	if c.options.Mutant != "" {
		about["mutant"] = c.options.Mutant
	}
	return about
}

// Unexpected lists the brokers that ended although nobody ordered it, one line
// each, in order. A run with any of them has found a bug, whatever its history
// says.
func (c *Cluster) Unexpected() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.unexpected)
}

func (c *Cluster) recordUnexpected(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unexpected = append(c.unexpected, line)
}

// Lost implements cluster.Cluster.
func (c *Cluster) Lost() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// lose notes the first of what took the cluster from under the brokers.
func (c *Cluster) lose(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost == nil {
		c.lost = why
	}
}

// stopLimit bounds the wait for a killed broker to be gone; the kernel may hold
// it while a disk does not answer.
const stopLimit = 10 * time.Second

// Stop implements cluster.Cluster. The logs stay, and the data with KeepData.
func (c *Cluster) Stop() error {
	c.stopOnce.Do(func() { c.stopErr = c.stop() })
	return c.stopErr
}

func (c *Cluster) stop() error {
	c.stopped.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	var errs []error
	for _, n := range c.nodes {
		errs = append(errs, n.kill(ctx), n.setClock(nemesis.Clock{}))
	}
	if c.proxies != nil {
		c.proxies.close()
	}
	c.thread.stop()
	for _, n := range c.nodes {
		errs = append(errs, n.log.file.Close())
		if !c.options.KeepData {
			errs = append(errs, os.RemoveAll(n.dir))
		}
	}
	for _, end := range []*os.File{c.aliveRead, c.aliveWrite} {
		if end != nil {
			errs = append(errs, end.Close())
		}
	}
	return errors.Join(errs...)
}
