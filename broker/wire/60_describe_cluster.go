package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// DescribeCluster: versions 0-1.
//
//   - v1: the client says whether it wants brokers (1, all of v0) or controllers
//     (2, KIP-919). Controllers have no listener of their own here, so asking
//     for them is refused.
//
// Any broker answers, from the metadata it has applied.
var _ = register(Handler{Key: kmsg.DescribeCluster, Min: 0, Max: 1, Serve: describeCluster})

func describeCluster(n Node, call *Call) {
	const brokers = 1
	req := call.Request.(*kmsg.DescribeClusterRequest)
	resp := responseTo[*kmsg.DescribeClusterResponse](call)
	resp.ClusterID = n.ClusterID()
	if req.EndpointType != brokers {
		refused := refuse(model.InvalidRequest, "endpoint type %d is not served here: allowed is 1 (brokers)", req.EndpointType)
		resp.ErrorCode, resp.ErrorMessage = int16(refused.Code), text(refused.Message)
		n.Reply(call, resp)
		return
	}
	resp.ControllerID = int32(reachableController(n))
	for _, e := range aliveEndpoints(n.Image(), call.Listener) {
		b := kmsg.NewDescribeClusterResponseBroker()
		b.NodeID, b.Host, b.Port, b.Rack = int32(e.broker.ID), e.host, e.port, text(e.broker.Rack)
		resp.Brokers = append(resp.Brokers, b)
	}
	n.Reply(call, resp)
}
