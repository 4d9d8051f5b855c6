package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// FindCoordinator: versions 0-4.
//
//   - v1: coordinator type, 0 = group (all of v0), 1 = transaction, and an
//     error message; v3: flexible; v4: many keys at once (KIP-699).
//
// There are no group or transaction coordinators, so every key is
// COORDINATOR_NOT_AVAILABLE: clients back off and ask again.
var _ = register(Handler{Key: kmsg.FindCoordinator, Min: 0, Max: 4, Serve: findCoordinator})

func findCoordinator(n Node, call *Call) {
	const transactions = 1
	req := call.Request.(*kmsg.FindCoordinatorRequest)
	resp := responseTo[*kmsg.FindCoordinatorResponse](call)

	var result controller.Result
	if req.CoordinatorType < 0 || req.CoordinatorType > transactions {
		result = refuse(model.InvalidRequest,
			"coordinator type %d is unknown: allowed are 0 (group) and 1 (transaction)", req.CoordinatorType)
	} else {
		result = refuse(model.CoordinatorNotAvailable, "This cluster has no group or transaction coordinators.")
	}

	resp.ErrorCode, resp.ErrorMessage = int16(result.Code), text(result.Message)
	resp.NodeID, resp.Port = int32(model.NoNode), -1
	for _, key := range req.CoordinatorKeys {
		c := kmsg.NewFindCoordinatorResponseCoordinator()
		c.Key, c.NodeID, c.Port = key, int32(model.NoNode), -1
		c.ErrorCode, c.ErrorMessage = int16(result.Code), text(result.Message)
		resp.Coordinators = append(resp.Coordinators, c)
	}
	n.Reply(call, resp)
}
