package invariant

import (
	"slices"

	"github.com/ackproof/ackproof/broker/model"
)

// Crashed tells of a power loss: what a replica was not counted on for may be
// gone. Where brokers do not flush first, the loss of an ISR member is forgiven.
func (w *Watch) Crashed(id model.NodeID) { w.lost(id, w.options.Flushes) }

// Wiped tells that a disk was emptied.
func (w *Watch) Wiped(id model.NodeID) { w.lost(id, false) }

func (w *Watch) lost(id model.NodeID, keepsStored bool) {
	for _, l := range w.logs {
		l.forgiven = l.forgiven || !keepsStored && l.maybeInSync(id)
		for _, v := range l.views {
			if v.node.id != id {
				continue
			}
			if !keepsStored {
				v.stored = 0
			}
			v.hw, v.matched = min(v.hw, v.stored), min(v.matched, v.stored)
		}
	}
}

// maybeInSync tells whether a node is in the ISR, or may be put there by a
// proposal of the leader's that is on its way.
func (l *log) maybeInSync(id model.NodeID) bool {
	if l.truth == nil {
		return false
	}
	return slices.Contains(l.truth.ISR, id) || slices.ContainsFunc(l.views, func(v *view) bool {
		return v.leads && v.state.LeaderEpoch == l.truth.LeaderEpoch && slices.Contains(v.maximal, id)
	})
}

// ClockSet tells that a node's wall clock was set: its broker may take producers
// for long gone, and forget them.
func (w *Watch) ClockSet(id model.NodeID) { w.node(id).clockSet = true }
