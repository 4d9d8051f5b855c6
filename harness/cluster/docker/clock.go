package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/nemesis/agent"
)

// SetClock implements nemesis.Cluster: the agent patches the clock of the
// broker, and of its coming incarnations. It returns when that was read back.
func (c *Cluster) SetClock(ctx context.Context, id int, clock nemesis.Clock) error {
	return c.on(id, func(n *node) error {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.change(ctx, func(f *faults) { f.clock = agentClock(clock) })
	})
}

// agentClock says a clock in the agent's words; nil is a right one.
func agentClock(c nemesis.Clock) *agent.Clock {
	if c == (nemesis.Clock{}) {
		return nil
	}
	skewed := &agent.Clock{Rate: c.Rate, OffsetMS: int64(c.Offset)}
	if c.StrobePeriod != 0 {
		skewed.OffsetMS, skewed.StrobeMS = 0, int64(c.Offset)
		skewed.StrobePeriodMS = int64(c.StrobePeriod)
	}
	return skewed
}

// ReadClock implements nemesis.Cluster: the agent reads it from the broker's
// memory, beside the clock of the engine's machine.
func (c *Cluster) ReadClock(id int) (process, host time.Time, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	stats, err := c.AgentStats(ctx, id)
	if err == nil {
		process, host, err = readingOf(stats)
	}
	if err != nil {
		return process, host, fmt.Errorf("read clock of node %d: %w", id, err)
	}
	return process, host, nil
}

// readingOf takes the broker's reading: it is the only process of its sandbox
// beside the agent. Without a fault it reads the host's clock.
func readingOf(stats agent.Stats) (process, host time.Time, err error) {
	if stateOf(stats.Processes) == nemesis.StateDead {
		return process, host, errors.New("it has no process")
	}
	if len(stats.Clocks) == 0 {
		host = time.Unix(0, stats.HostUnixNS)
		return host, host, nil
	}
	for _, r := range stats.Clocks {
		if r.Error != "" {
			err = errors.New(r.Error)
			continue
		}
		return time.Unix(0, r.ProcessUnixNS), time.Unix(0, r.HostUnixNS), nil
	}
	return process, host, err
}
