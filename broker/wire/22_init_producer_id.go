package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// InitProducerID: versions 0-5.
//
//   - v2: flexible; v3: a producer may name its id and epoch to have the epoch
//     bumped instead of getting a new id (KIP-360); v5: KIP-890's error code,
//     which concerns transactions.
//
// Any broker answers, from its own block of ids. A transactional id is
// COORDINATOR_NOT_AVAILABLE: there is no transaction coordinator.
var _ = register(Handler{Key: kmsg.InitProducerID, Min: 0, Max: 5, Serve: initProducerID})

// exhaustedEpoch is the last producer epoch: Kafka keeps the one after it in
// reserve for fencing.
const exhaustedEpoch int16 = 32766

func initProducerID(n Node, call *Call) {
	req := call.Request.(*kmsg.InitProducerIDRequest)
	answer := func(id int64, epoch int16, code model.ErrorCode) {
		resp := responseTo[*kmsg.InitProducerIDResponse](call)
		resp.ErrorCode, resp.ProducerID, resp.ProducerEpoch = int16(code), id, epoch
		n.Reply(call, resp)
	}

	named := req.ProducerID >= 0 && req.ProducerEpoch >= 0
	unnamed := req.ProducerID == -1 && req.ProducerEpoch == -1
	switch {
	case req.TransactionalID != nil && *req.TransactionalID == "", !named && !unnamed:
		answer(-1, -1, model.InvalidRequest)
	case req.TransactionalID != nil:
		answer(-1, -1, model.CoordinatorNotAvailable)
	case named && req.ProducerEpoch < exhaustedEpoch && req.ProducerID < n.Image().NextProducerID:
		answer(req.ProducerID, req.ProducerEpoch+1, model.None)
	default:
		// A new producer, one at the end of its epochs, or one with an id that
		// was never handed out and might yet be given to somebody else.
		n.NextProducerID(func(id int64, code model.ErrorCode) {
			if code != model.None {
				answer(-1, -1, code)
				return
			}
			answer(id, 0, model.None)
		})
	}
}
