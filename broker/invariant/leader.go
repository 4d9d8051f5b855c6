package invariant

import (
	"slices"

	"github.com/ackproof/ackproof/broker/model"
)

// checkLeader looks at a leader: its epoch is the last of its cache, and the
// controller holds no ISR that it rules out (the quorum's superset).
func (w *Watch) checkLeader(v *view) {
	if v.epoch.Epoch != v.state.LeaderEpoch {
		w.fault(EpochNotStored, "%s: the cache ends with %s", v, v.epoch)
	}
	if truth := v.log.truth; truth != nil && truth.LeaderEpoch == v.state.LeaderEpoch {
		for _, id := range truth.ISR {
			if !slices.Contains(v.maximal, id) {
				w.fault(ISRBeyondMaximal, "%s: the controller has %v, possible seems at most %v", v, truth.ISR, v.maximal)
			}
		}
	}
}

// checkElected looks at a leader that was not one before: nobody else has its
// epoch, and it holds what was committed. One whose epoch is over already may
// lack what was committed since.
func (w *Watch) checkElected(v *view) {
	w.noteLeader(v.log, v.name, v.state.LeaderEpoch, v.node.id)
	if v.log.forgiven || v.log.truth != nil && v.log.truth.LeaderEpoch != v.state.LeaderEpoch {
		return
	}
	if committed := v.log.committed.end(); v.end < committed {
		w.fault(LeaderIncomplete, "%s: committed is up to %d", v, committed)
	} else {
		w.compare(v, committed, LeaderIncomplete)
	}
}

// noteLeader takes note of who leads in an epoch, be it by the controller's word
// or by its own.
func (w *Watch) noteLeader(l *log, name model.TopicPartition, epoch model.Epoch, id model.NodeID) {
	if other, known := l.leaders[epoch]; known && other != id {
		w.fault(TwoLeaders, "%s: leader epoch %d has %d and %d", name, epoch, other, id)
	}
	l.leaders[epoch] = id
}

// checkISR looks whether every replica that the controller may elect holds what
// any leader has called committed: the one of now may not know that yet
// (KAFKA-7128).
func (w *Watch) checkISR(l *log) {
	if l.truth == nil || l.forgiven {
		return
	}
	committed := l.committed.end()
	for _, v := range l.views {
		if v.leads {
			committed = max(committed, v.hw)
		}
	}
	for _, v := range l.views {
		if !v.leads && !v.lossy && v.stored < committed && slices.Contains(l.truth.ISR, v.node.id) {
			w.fault(ISRMemberShort, "%s: it is in the ISR, and committed is up to %d", v, committed)
		}
	}
}
