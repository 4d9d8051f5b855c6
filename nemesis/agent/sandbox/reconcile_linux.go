package sandbox

import (
	"errors"
	"time"
)

const (
	// reconcilePause is how long a process that starts under a fault may run
	// without it, unless a container runtime starts it: those are seen long before
	// they run. One look costs some ten microseconds a process.
	reconcilePause = 5 * time.Millisecond
	// strobePause is the shortest strobe period.
	strobePause = time.Millisecond
)

// reconcile gives faults that are in force to processes that start, and moves
// clocks that strobe, until the node is healed.
func (n *node) reconcile() {
	defer close(n.ended)
	for {
		var tick <-chan time.Time
		if pause := n.pauseBetweenLooks(); pause > 0 {
			tick = time.After(pause)
		}
		select {
		case <-n.healing:
			return
		case <-n.changed:
		case <-tick:
			n.look()
		}
	}
}

// pauseBetweenLooks is 0 when there is nothing to look for.
func (n *node) pauseBetweenLooks() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.state.Clock != nil && n.state.Clock.StrobePeriodMS > 0:
		return strobePause
	case n.state.Clock != nil || len(n.state.Pause) > 0:
		return reconcilePause
	}
	return 0
}

func (n *node) look() {
	n.mu.Lock()
	defer n.mu.Unlock()
	unneeded := map[string]float64{}
	n.drift = n.pause(unneeded)
	if n.state.Clock != nil && n.hello.Capabilities.Clock.Supported {
		n.drift = errors.Join(n.drift, n.skew(unneeded))
	}
}
