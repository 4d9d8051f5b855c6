package controller

import (
	"slices"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// brokerStateChange moves a broker between fenced, live and shutting down. A
// change to the state that it already has is a retry and succeeds.
func (a *application) brokerStateChange(cmd *BrokerStateChange) Result {
	b, refused := a.currentBroker(cmd.ID, cmd.Epoch)
	if b == nil {
		return refused
	}
	next := *b
	switch cmd.To {
	case Fence:
		next.Fenced = true
	case Unfence:
		if b.ShuttingDown {
			return refuse(model.InvalidRequest, "Broker %d is shutting down: it must register again to come back.", cmd.ID)
		}
		next.Fenced = false
	case Shutdown:
		next.ShuttingDown = true
	default:
		return refuse(model.InvalidRequest, "Transition %q is unknown: allowed are %s, %s and %s.", cmd.To, Fence, Unfence, Shutdown)
	}
	if next.Fenced == b.Fenced && next.ShuttingDown == b.ShuttingDown {
		return Result{BrokerEpoch: b.Epoch}
	}
	a.image.Brokers[cmd.ID] = &next
	if next.Eligible() {
		a.electLeaderless()
	} else {
		a.removeFromISRs(cmd.ID)
	}
	return Result{BrokerEpoch: b.Epoch}
}

// removeFromISRs takes a broker that is no longer eligible out of every ISR and
// leadership. The last member of an ISR stays in it, leaderless: the controller
// knows no offsets, and nobody else is known to hold the committed records.
func (a *application) removeFromISRs(id model.NodeID) {
	for tp, p := range a.image.Partitions() {
		if !slices.Contains(p.ISR, id) {
			continue
		}
		next := *p
		if len(p.ISR) > 1 || a.mutants.Has(mutant.ISREmptied) {
			next.ISR = without(p.ISR, id)
		}
		next = a.elect(tp.Topic, next)
		if len(next.ISR) != len(p.ISR) || next.Leader != p.Leader {
			a.replace(tp, next)
		}
	}
}

func without(ids []model.NodeID, id model.NodeID) []model.NodeID {
	return slices.DeleteFunc(slices.Clone(ids), func(other model.NodeID) bool { return other == id })
}
