package docker

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/ackproof/ackproof/harness/cluster"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/nemesis/agent"
)

var _ cluster.Cluster = (*Cluster)(nil)

// Cluster is a set of brokers in containers. Its methods may be called from
// several goroutines.
type Cluster struct {
	options Options
	engine  *Engine
	run     string // the run's label
	name    string // of the network, and the beginning of the containers'
	id      string // of the Kafka cluster
	nodes   []*node

	subnet     subnet
	janitor    *janitor
	generation atomic.Int64 // of states given to agents
	counters   counters

	// Watchers follow the brokers until watching is done.
	watching     context.Context
	stopWatching context.CancelFunc
	watchers     sync.WaitGroup

	mu     sync.Mutex
	deaths []death
	lost   error

	stopped  atomic.Bool
	stopOnce sync.Once
	stopErr  error
}

// New connects to the engine and opens the nodes' logs; it makes nothing on the
// engine. Stop must be called also if Start never is.
func New(ctx context.Context, options Options) (*Cluster, error) {
	options, err := options.normalize()
	if err != nil {
		return nil, fmt.Errorf("docker cluster: %w", err)
	}
	engine, err := Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("docker cluster: %w", err)
	}
	c := &Cluster{
		options: options, engine: engine, run: newRun(), id: newClusterID(),
		counters: counters{last: map[nemesis.Link]nemesis.LinkStats{}},
	}
	c.name = options.Name
	if c.name == "" {
		c.name = "ackproof-" + c.run
	}
	c.watching, c.stopWatching = context.WithCancel(context.Background())
	if err := c.openLogs(); err != nil {
		return nil, errors.Join(fmt.Errorf("docker cluster: %w", err), c.Stop())
	}
	return c, nil
}

func (c *Cluster) openLogs() error {
	if err := os.MkdirAll(c.options.Dir, 0o755); err != nil {
		return fmt.Errorf("dir: %w", err)
	}
	for id := 1; id <= c.options.Nodes; id++ {
		log, err := openLog(logPath(c.options.Dir, id))
		if err != nil {
			return err
		}
		c.nodes = append(c.nodes, &node{id: id, cluster: c, log: log})
	}
	return nil
}

// newRun draws a run's label.
func newRun() string {
	var id [6]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// newClusterID draws an id in Kafka's form: 128 bits, base64.
func newClusterID() string {
	var id [16]byte
	rand.Read(id[:])
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// Run is the value of LabelRun on everything of this cluster.
func (c *Cluster) Run() string { return c.run }

// Size is the number of nodes.
func (c *Cluster) Size() int { return len(c.nodes) }

// node finds a node by its number.
func (c *Cluster) node(id int) (*node, error) {
	if id < 1 || id > len(c.nodes) {
		return nil, fmt.Errorf("node %d: allowed are 1 to %d", id, len(c.nodes))
	}
	return c.nodes[id-1], nil
}

func (c *Cluster) on(id int, act func(*node) error) error {
	n, err := c.node(id)
	if err != nil {
		return err
	}
	return act(n)
}

// Bootstrap lists the addresses that clients connect to, node 1 first. They are
// known when the cluster has started.
func (c *Cluster) Bootstrap() []string {
	var addresses []string
	for _, n := range c.nodes {
		addresses = append(addresses, n.clientAddress())
	}
	return addresses
}

func (n *node) clientAddress() string { return n.published(n.clientPort) }

// published is a port of the node as this machine reaches it.
func (n *node) published(port int) string {
	return net.JoinHostPort(n.cluster.engine.published(), strconv.Itoa(port))
}

// Log is the path of a node's log; "" if there is no such node.
func (c *Cluster) Log(id int) string {
	n, err := c.node(id)
	if err != nil {
		return ""
	}
	return n.log.file.Name()
}

// HTTP is the address of a node's health and metrics; "" if there is no such
// node. It comes by the same way as clients, and is cut with them.
func (c *Cluster) HTTP(id int) string {
	n, err := c.node(id)
	if err != nil {
		return ""
	}
	return n.published(n.httpPort)
}

// Capabilities are what the agents can do on the engine's kernel, once the
// cluster has started.
func (c *Cluster) Capabilities() agent.Capabilities { return c.nodes[0].hello.Capabilities }

// Describe implements cluster.Cluster.
func (c *Cluster) Describe() map[string]string {
	about := c.engine.Describe()
	about["cluster"] = "docker"
	about["id"] = c.id
	about["run"] = c.run
	about["nodes"] = strconv.Itoa(len(c.nodes))
	about["dir"] = c.options.Dir
	if c.subnet.prefix.IsValid() {
		about["subnet"] = c.subnet.prefix.String()
	}
	if c.options.Mutant != "" {
		about["mutant"] = c.options.Mutant
	}
	if n := c.nodes[0]; n.hello.Version != 0 {
		DescribeCapabilities(n.hello.Capabilities, about)
	}
	return about
}

// Unexpected lists the brokers that ended although nobody ordered it, one line
// each, in order. A run with any of them has found a bug, whatever its history
// says.
func (c *Cluster) Unexpected() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []string
	for _, d := range c.deaths {
		lines = append(lines, d.line)
	}
	return lines
}
