package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// AllocateProducerIDs: version 0, between brokers only (KIP-730). For the
// controller only: a broker asks for a block and hands its ids out one by one.
var _ = register(Handler{Key: kmsg.AllocateProducerIDs, Min: 0, Max: 0, InsideOnly: true, Serve: allocateProducerIDs})

// ProducerIDBlock is how many producer ids a broker gets at a time.
const ProducerIDBlock int32 = 1000

func allocateProducerIDs(n Node, call *Call) {
	req := call.Request.(*kmsg.AllocateProducerIDsRequest)
	command := &controller.AllocateProducerIDs{
		ID:    model.NodeID(req.BrokerID),
		Epoch: model.BrokerEpoch(req.BrokerEpoch),
		Count: ProducerIDBlock,
	}
	n.Propose(controller.Command{AllocateProducerIDs: command}, func(result controller.Result) {
		resp := responseTo[*kmsg.AllocateProducerIDsResponse](call)
		resp.ErrorCode = int16(result.Code)
		if result.Code == model.None {
			resp.ProducerIDStart, resp.ProducerIDLen = result.FirstProducerID, ProducerIDBlock
		}
		n.Reply(call, resp)
	})
}
