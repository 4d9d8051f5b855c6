package wire

import (
	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// endpoint is where clients of one listener reach a broker. A client must be
// sent to addresses of the listener that it came in on: those of another one
// may not be reachable from where it is.
type endpoint struct {
	broker *controller.Broker
	host   string
	port   int32
}

// aliveEndpoints lists, by broker id, the unfenced brokers that advertise an
// address for a listener.
func aliveEndpoints(image *controller.Image, listener string) []endpoint {
	alive := make([]endpoint, 0, len(image.Brokers))
	for _, id := range image.BrokerIDs() {
		broker := image.Brokers[id]
		if broker.Fenced {
			continue
		}
		for _, l := range broker.Listeners {
			if l.Name == listener {
				alive = append(alive, endpoint{broker, l.Host, l.Port})
				break
			}
		}
	}
	return alive
}

// reachableController is the controller's id, or NoNode if it is unknown or
// fenced: a client could not look up its address.
func reachableController(n Node) model.NodeID {
	broker := n.Image().Brokers[n.ControllerID()]
	if broker == nil || broker.Fenced {
		return model.NoNode
	}
	return broker.ID
}

// isAlive tells whether a broker is registered and unfenced.
func isAlive(image *controller.Image, id model.NodeID) bool {
	broker := image.Brokers[id]
	return broker != nil && !broker.Fenced
}
