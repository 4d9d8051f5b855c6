package wire

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// BrokerRegistration: versions 3-4, between brokers only (KIP-631).
//
//   - v3: the broker epoch before a clean shutdown (KIP-966), which tells a
//     clean stop from a crash; v4: features may start at version 0 (KAFKA-17011).
//
// A tag of our own carries the epoch of the registration that is replaced.
//
// For the controller only. Features, log directories and the listeners' security
// protocols are not looked at: there is one of each.
var _ = register(Handler{Key: kmsg.BrokerRegistration, Min: 3, Max: 4, InsideOnly: true, Serve: brokerRegistration})

// replacesTag is far above the tags that Kafka counts up from 0.
const replacesTag = 10_000

// SetReplaced says which registration the request replaces; see
// controller.RegisterBroker.
func SetReplaced(req *kmsg.BrokerRegistrationRequest, epoch model.BrokerEpoch) {
	req.UnknownTags.Set(replacesTag, binary.BigEndian.AppendUint64(nil, uint64(epoch)))
}

func replaced(req *kmsg.BrokerRegistrationRequest) (epoch model.BrokerEpoch) {
	req.UnknownTags.Each(func(tag uint32, value []byte) {
		if tag == replacesTag && len(value) == 8 {
			epoch = model.BrokerEpoch(binary.BigEndian.Uint64(value))
		}
	})
	return epoch
}

func brokerRegistration(n Node, call *Call) {
	req := call.Request.(*kmsg.BrokerRegistrationRequest)
	resp := responseTo[*kmsg.BrokerRegistrationResponse](call)
	// A broker of another cluster must never take over an id here, whoever it
	// mistakes us for.
	if req.ClusterID != n.ClusterID() {
		resp.ErrorCode = int16(model.InconsistentClusterID)
		n.Reply(call, resp)
		return
	}

	command := &controller.RegisterBroker{
		ID:            model.NodeID(req.BrokerID),
		Incarnation:   req.IncarnationID,
		PreviousEpoch: model.BrokerEpoch(req.PreviousBrokerEpoch),
		Replaces:      replaced(req),
	}
	for _, l := range req.Listeners {
		command.Listeners = append(command.Listeners, controller.Listener{Name: l.Name, Host: l.Host, Port: int32(l.Port)})
	}
	if req.Rack != nil {
		command.Rack = *req.Rack
	}
	n.Propose(controller.Command{RegisterBroker: command}, func(result controller.Result) {
		resp.ErrorCode = int16(result.Code)
		if result.Code == model.None {
			resp.BrokerEpoch = int64(result.BrokerEpoch)
		}
		n.Reply(call, resp)
	})
}
