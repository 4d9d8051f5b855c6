package controller

import (
	"math"

	"github.com/ackproof/ackproof/broker/model"
)

// allocateProducerIDs hands a broker the next block. A block whose answer was
// lost is never handed out again: ids are plenty, uniqueness is the point
// (KIP-730).
func (a *application) allocateProducerIDs(cmd *AllocateProducerIDs) Result {
	if b := a.image.Brokers[cmd.ID]; b == nil || b.Epoch != cmd.Epoch {
		return refuse(model.StaleBrokerEpoch, "Broker %d does not hold broker epoch %d.", cmd.ID, cmd.Epoch)
	}
	if cmd.Count <= 0 {
		return refuse(model.InvalidRequest, "A block of %d producer ids is invalid: it must hold at least 1.", cmd.Count)
	}
	first := a.image.NextProducerID
	if first > math.MaxInt64-int64(cmd.Count) {
		return refuse(model.UnknownServerError, "The producer ids are used up.")
	}
	a.image.NextProducerID = first + int64(cmd.Count)
	return Result{FirstProducerID: first}
}
