package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// Node is what handlers need from the broker they run in.
type Node interface {
	ID() model.NodeID
	ClusterID() string
	// InterBrokerListener is the name of the listener that only brokers use.
	InterBrokerListener() string
	// Image is the metadata as applied here; valid within the call.
	Image() *controller.Image
	// ControllerID is the active controller as far as known, else NoNode.
	ControllerID() model.NodeID
	// Propose hands a command to the metadata quorum if this node is the active
	// controller; otherwise done gets NOT_CONTROLLER at once.
	Propose(cmd controller.Command, done func(controller.Result))
	// Heartbeat is for the active controller, like Propose.
	Heartbeat(h controller.Heartbeat, done func(controller.HeartbeatResult))
	// Defaults are the static topic defaults of this broker's configuration.
	Defaults() map[string]string
	DefaultReplicationFactor() int16
	DefaultPartitions() int32
	// MaxMessageBytes is a topic's limit on the size of a batch.
	MaxMessageBytes(topic string) int
	// NewTopicID draws an id from the core's own random source.
	NewTopicID() model.TopicID
	// NextProducerID hands out an id from this broker's block, asking the
	// controller for a block first if need be.
	NextProducerID(done func(id int64, code model.ErrorCode))
	// Reply answers a call, exactly once. nil answers acks=0.
	Reply(call *Call, response kmsg.Response)
	// Drop closes the call's connection without an answer.
	Drop(call *Call)

	Replication
}

// Handler serves one API key in a range of versions.
type Handler struct {
	Key      kmsg.Key
	Min, Max int16
	// InsideMax, if above Max, is offered on the inter-broker listener only.
	InsideMax int16
	// InsideOnly keys are served on the inter-broker listener alone.
	InsideOnly bool
	Serve      func(n Node, call *Call)
}

// handlers by API key; each handler file registers its own.
var handlers = map[kmsg.Key]Handler{}

func register(h Handler) struct{} {
	handlers[h.Key] = h
	return struct{}{}
}

// Lookup finds the handler that serves a request of this key and version on a
// listener.
func Lookup(key kmsg.Key, version int16, inside bool) (Handler, bool) {
	h, ok := handlers[key]
	if !ok || h.InsideOnly && !inside {
		return Handler{}, false
	}
	top := h.Max
	if inside && h.InsideMax > top {
		top = h.InsideMax
	}
	return h, version >= h.Min && version <= top
}
