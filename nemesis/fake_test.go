package nemesis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

// fakeCluster is a cluster in memory. It logs what was done to it, with the
// time since its making. Each bad link shows its effect once per look at it.
type fakeCluster struct {
	mu     sync.Mutex
	start  time.Time
	log    []string
	states []string // by node - 1
	runs   []int
	data   []int64
	links  Links
	clocks []fakeClock   // by node - 1
	host   time.Duration // by how much the host's clock moved
	stats  map[Link]LinkStats
	idle   bool             // nobody sends anything
	fail   map[string]error // by method name
	deaf   bool             // kills and pauses do nothing
	rude   bool             // who is asked to end dies of that
	ended  []bool           // by node - 1: the last process ended well
}

func newFakeCluster(nodes int) *fakeCluster {
	c := &fakeCluster{start: time.Now(), stats: map[Link]LinkStats{}, fail: map[string]error{}}
	for range nodes {
		c.states = append(c.states, StateRunning)
		c.runs = append(c.runs, 1)
		c.data = append(c.data, 100)
		c.clocks = append(c.clocks, fakeClock{})
		c.ended = append(c.ended, false)
	}
	return c
}

// act logs a call and runs its change, unless it is to fail.
func (c *fakeCluster) act(ctx context.Context, name, detail string, change func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, fmt.Sprintf("%v %s%s", time.Since(c.start), name, detail))
	if err := c.fail[name]; err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	change()
	return nil
}

func (c *fakeCluster) onNode(ctx context.Context, name string, node int, change func()) error {
	return c.act(ctx, name, fmt.Sprintf(" %d", node), change)
}

// later changes something after a while.
func (c *fakeCluster) later(after time.Duration, change func()) {
	time.AfterFunc(after, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		change()
	})
}

// did returns the log.
func (c *fakeCluster) did() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.log)
}

func (c *fakeCluster) Size() int { return len(c.states) }

func (c *fakeCluster) Kill(ctx context.Context, node int) error {
	return c.onNode(ctx, "kill", node, func() {
		if !c.deaf {
			c.states[node-1] = StateDead
		}
	})
}

func (c *fakeCluster) Terminate(ctx context.Context, node int) error {
	return c.onNode(ctx, "terminate", node, func() {
		if !c.deaf && c.states[node-1] == StateRunning {
			c.states[node-1], c.ended[node-1] = StateDead, !c.rude
		}
	})
}

func (c *fakeCluster) EndedWell(_ context.Context, node int) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended[node-1], c.fail["ended well"]
}

func (c *fakeCluster) Restart(ctx context.Context, node int) error {
	return c.onNode(ctx, "restart", node, func() {
		if c.states[node-1] == StateDead {
			c.states[node-1], c.ended[node-1] = StateRunning, false
			c.runs[node-1]++
		}
	})
}

func (c *fakeCluster) WipeData(ctx context.Context, node int) error {
	return c.onNode(ctx, "wipe", node, func() { c.data[node-1] = 0 })
}

func (c *fakeCluster) Pause(ctx context.Context, node int) error {
	return c.onNode(ctx, "pause", node, func() {
		if !c.deaf {
			c.states[node-1] = StateStopped
		}
	})
}

func (c *fakeCluster) Resume(ctx context.Context, node int) error {
	return c.onNode(ctx, "resume", node, func() {
		if c.states[node-1] == StateStopped {
			c.states[node-1] = StateRunning
		}
	})
}

func (c *fakeCluster) Running(node int) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.states[node-1], c.fail["running"]
}

func (c *fakeCluster) Incarnation(node int) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("run %d", c.runs[node-1]), nil
}

func (c *fakeCluster) DataBytes(node int) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.data[node-1], nil
}

func (c *fakeCluster) SetLinks(ctx context.Context, links Links) error {
	return c.act(ctx, "links", fmt.Sprintf(" %d cut", len(links)), func() { c.links = maps.Clone(links) })
}

func (c *fakeCluster) LinkStats() map[Link]LinkStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := map[Link]LinkStats{}
	for link, state := range c.links {
		if !c.idle {
			c.stats[link] = bitten(c.stats[link], state)
		}
	}
	maps.Copy(stats, c.stats)
	return stats
}

// bitten is what a look at a bad link adds to its counters.
func bitten(s LinkStats, state LinkState) LinkStats {
	if state.Cut {
		s.Held += 10
	}
	if state.Slow() {
		s.Delayed += 20
	}
	if state.Loss > 0 {
		s.Lost++
	}
	if state.Reset {
		s.Reset++
	}
	if state.Reorder {
		s.Reordered++
	}
	return s
}

func (c *fakeCluster) Heal(ctx context.Context) error {
	return c.act(ctx, "heal", "", func() {
		c.links = nil
		for i := range c.states {
			c.states[i], c.clocks[i] = StateRunning, fakeClock{}
		}
	})
}

// fakeClock is what is wrong with a node's clock, and since when.
type fakeClock struct {
	Clock
	since time.Time
}

func (c *fakeCluster) SetClock(ctx context.Context, node int, clock Clock) error {
	return c.act(ctx, "clock", fmt.Sprintf(" %d %v", node, clock), func() {
		if !c.deaf {
			c.clocks[node-1] = fakeClock{clock, time.Now()}
		}
	})
}

// ReadClock shows a strobe's offset in its second period, and then in every second.
func (c *fakeCluster) ReadClock(node int) (process, host time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clock := c.clocks[node-1]
	after := time.Since(clock.since)
	skew := time.Duration(clock.drift() * float64(after))
	if period := clock.StrobePeriod.Duration(); period == 0 || after/period%2 == 1 {
		skew += clock.Offset.Duration()
	}
	host = time.Now().Add(c.host)
	return host.Add(skew), host, c.fail["read clock"]
}

// slowCluster takes a second to restart a node.
type slowCluster struct{ *fakeCluster }

func (c slowCluster) Restart(ctx context.Context, node int) error {
	time.Sleep(time.Second)
	return c.fakeCluster.Restart(ctx, node)
}

// viewFunc answers the question for roles, and lets nobody lead.
type viewFunc func() (Roles, error)

func (v viewFunc) Lead(context.Context, int) error { return errors.New("not electable") }

func (v viewFunc) Roles(context.Context) (Roles, error) { return v() }

// threeNodes is the view of a healthy cluster of three.
var threeNodes = Roles{Leader: 2, LeaderEpoch: 4, ISR: []int{1, 2, 3}, Replicas: []int{1, 2, 3}, Controller: 3}

func steady(r Roles) View { return viewFunc(func() (Roles, error) { return r, nil }) }

// schedule makes a valid schedule of steps.
func schedule(t *testing.T, nodes int, steps ...Step) Schedule {
	t.Helper()
	s := Schedule{Format: Format, Version: Version, Name: t.Name(), Nodes: nodes, Length: 20000, Steps: steps}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	return s
}

// step is a fault in seconds.
func step(id int, from, length Millis, f Fault) Step {
	return Step{ID: id, At: from * 1000, For: length * 1000, Fault: f}
}
