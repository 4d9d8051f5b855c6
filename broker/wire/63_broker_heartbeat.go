package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// BrokerHeartbeat: versions 0-1, between brokers only (KIP-631).
//
//   - v1: offline log directories (KIP-858), which are not looked at: a broker
//     has one directory, and stops when it fails.
//
// For the controller only. The metadata offset is the Raft index that the broker
// has applied.
var _ = register(Handler{Key: kmsg.BrokerHeartbeat, Min: 0, Max: 1, InsideOnly: true, Serve: brokerHeartbeat})

func brokerHeartbeat(n Node, call *Call) {
	req := call.Request.(*kmsg.BrokerHeartbeatRequest)
	heartbeat := controller.Heartbeat{
		ID:           model.NodeID(req.BrokerID),
		Epoch:        model.BrokerEpoch(req.BrokerEpoch),
		AppliedIndex: uint64(max(req.CurrentMetadataOffset, 0)),
		WantFence:    req.WantFence,
		WantShutdown: req.WantShutdown,
	}
	n.Heartbeat(heartbeat, func(result controller.HeartbeatResult) {
		resp := responseTo[*kmsg.BrokerHeartbeatResponse](call)
		resp.ErrorCode = int16(result.Code)
		if result.Code == model.None {
			resp.IsCaughtUp = result.CaughtUp
			resp.IsFenced = result.Fenced
			resp.ShouldShutdown = result.ShouldShutDown
		}
		n.Reply(call, resp)
	})
}
