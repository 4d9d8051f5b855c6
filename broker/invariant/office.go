package invariant

import (
	"time"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// office is a broker's time as the active controller, by its own monotonic clock.
type office struct {
	active bool
	life   int
	// since it was taken; now is that of the last look. Both are equal in the look that
	// saw it taken: what was applied until then may be a predecessor's.
	since, now time.Duration
}

// InOffice tells whether a broker is the active controller; to be told before the
// step that made it so is observed.
func (w *Watch) InOffice(id model.NodeID, life int, active bool, now time.Duration) {
	if w.over() {
		return
	}
	switch o := &w.node(id).office; {
	case !active:
		*o = office{}
	case !o.active || o.life != life:
		*o = office{active: true, life: life, since: now, now: now}
	default:
		o.now = now
	}
}

// checkFenced looks for a broker that is fenced by a controller which cannot have
// missed it for a whole session yet, since it took office later: sessions are soft
// state, and each controller gives everybody a full one. Those who shut down ask for
// it. A step that this controller was not the first to take tells nothing.
func (w *Watch) checkFenced(by *node, id model.NodeID, b *controller.Broker) {
	was := w.node(id)
	if was.epoch == b.Epoch && !was.fenced && b.Fenced && !b.ShuttingDown &&
		by.office.active && by.office.now > by.office.since && by.office.now-by.office.since < w.options.Session {
		w.fault(FencedTooSoon, "node %d, in office for %v, fences node %d, whose session is %v",
			by.id, by.office.now-by.office.since, id, w.options.Session)
	}
	was.epoch, was.fenced = b.Epoch, b.Fenced
}
