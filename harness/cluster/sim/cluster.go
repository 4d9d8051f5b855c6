package sim

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/broker/wire"
	"github.com/ackproof/ackproof/harness/timeline"
	"github.com/ackproof/ackproof/nemesis"
)

// Cluster is a simulated cluster and the time it lives in.
type Cluster struct {
	tasks
	options Options
	net     *network
	nodes   []*node
	hash    eventHash
	frames  frames
	watch   watch
	isrs    sightings

	lastConn   wire.ConnID
	unexpected []string
	// told, unless nil, hears of the next events that brokers tell of.
	told func(nemesis.Event)
}

// New makes a cluster in which nothing has happened yet.
func New(o Options) (*Cluster, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	c := &Cluster{options: o, watch: newWatch(o)}
	c.net = newNetwork(&c.tasks, o.Nodes, o.Seed, o.Weather)
	for i := range o.Nodes {
		id := model.NodeID(i + 1)
		label := fmt.Sprintf("node/%d", id)
		d := &disk{
			fs: storage.NewMemFS(), draw: newDice(o.Seed, label+"/disk"), tasks: &c.tasks, takes: o.Weather.sync(),
		}
		drift := newDice(o.Seed, label+"/clock")
		n := &node{sim: c, id: id, disk: d, config: o.broker(id, d)}
		n.clocks.rate = 1 + (2*drift.Float64()-1)*float64(o.Weather.Drift)/1000
		c.nodes = append(c.nodes, n)
	}
	return c, nil
}

func (c *Cluster) node(id model.NodeID) *node { return c.nodes[id-1] }

// turn is held by the simulation that runs: Raft's randomness is the process's.
var turn sync.Mutex

// Limits of a simulation, so that one which goes round in circles ends.
const (
	maxTime = 30 * time.Minute
	// maxRate is for one simulated second; a busy one has some thousands.
	maxRate = 50_000
)

// ErrEndless says that a simulation did not end within its limits.
var ErrEndless = errors.New("the simulation did not end")

// Run boots the brokers and does work, as a task, until it is done. The error is
// that of work, or ErrEndless. A panic of work is Run's.
func (c *Cluster) Run(work func() error) (err error) {
	turn.Lock()
	defer turn.Unlock()
	real := crand.Reader
	crand.Reader = newDice(c.options.Seed, "raft")
	defer func() { crand.Reader = real }()

	done := false
	for _, n := range c.nodes {
		n.boot()
	}
	c.start(func() {
		err = work()
		done = true
	})
	defer c.abandon()
	second, before := time.Duration(0), uint64(0) // the events of this second
	for !done {
		if now := c.now / time.Second; now != second {
			second, before = now, c.done
		}
		if c.now > maxTime || c.done-before > maxRate {
			return fmt.Errorf("%w within %v, or had more than %d events in a second", ErrEndless, maxTime, maxRate)
		}
		if !c.next() {
			return fmt.Errorf("%w: nothing is left that could happen", ErrEndless)
		}
	}
	return err
}

// Hash is that of everything that went into the brokers and came out of them.
func (c *Cluster) Hash() uint64 { return c.hash.sum }

// Events is how many events have happened, and Elapsed how much time has passed.
func (c *Cluster) Events() uint64 { return c.done }

// Elapsed is the simulated time since the start.
func (c *Cluster) Elapsed() time.Duration { return c.now }

// Coverage is the protocol events that occurred.
func (c *Cluster) Coverage() Coverage { return *c.watch.coverage }

// Time is the simulation's, for those who work in it.
func (c *Cluster) Time() timeline.Timeline { return &c.tasks }

// Unexpected lists the brokers that ended although nobody ordered it, one line
// each. A broker ends with an error when its disk fails; while a disk fault is in
// force that is expected.
func (c *Cluster) Unexpected() []string { return c.unexpected }

// AwaitHealthy waits until every broker lets clients in.
func (c *Cluster) AwaitHealthy(ctx context.Context) error {
	for {
		fenced := 0
		for _, n := range c.nodes {
			if !n.alive || n.core == nil || !n.core.Unfenced() {
				fenced++
			}
		}
		if fenced == 0 {
			return nil
		}
		if !c.Sleep(ctx, 10*time.Millisecond) {
			return fmt.Errorf("sim: %d brokers are not healthy", fenced)
		}
	}
}
