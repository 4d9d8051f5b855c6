package invariant

import (
	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// Crashed tells of a power loss: what a replica was not counted on for may be
// gone, where brokers do not flush first all of it.
func (w *Watch) Crashed(id model.NodeID) { w.lost(id, w.options.Flushes) }

// Wiped tells that a disk was emptied.
func (w *Watch) Wiped(id model.NodeID) { w.lost(id, false) }

func (w *Watch) lost(id model.NodeID, keepsStored bool) {
	for _, l := range w.logs {
		for _, v := range l.views {
			if v.node.id != id {
				continue
			}
			if !keepsStored {
				v.stored, v.lossy, v.lossyEpoch = 0, true, v.node.epoch
			}
			v.hw, v.matched = min(v.hw, v.stored), min(v.matched, v.stored)
		}
	}
}

// settleLosses looks for lossy replicas whose brokers have registered anew. A
// broker must be fenced before it can, and so is out of every ISR by then and has
// to catch up; where it was the last member it stays, and may be elected with what
// it has left (the last replica standing, which KIP-966 does away with). Until
// then an ISR may hold it, but it leads nothing. It tells whether there are any.
func (l *log) settleLosses(p *controller.Partition) (any bool) {
	for _, v := range l.views {
		if v.lossy && v.node.epoch != v.lossyEpoch {
			v.lossy, any = false, true
			l.forgiven = l.forgiven || len(p.ISR) == 1 && p.ISR[0] == v.node.id
		}
	}
	return any
}

// ClockSet tells that a node's wall clock was set: its broker may take producers
// for long gone, and forget them.
func (w *Watch) ClockSet(id model.NodeID) { w.node(id).clockSet = true }
