package wire

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// responseTo makes the response that a call's request expects: of the same
// version, every field at the protocol's default.
func responseTo[R kmsg.Response](call *Call) R { return call.Request.ResponseKind().(R) }

// isInside tells whether a call came in on the listener of the brokers.
func isInside(n Node, call *Call) bool { return call.Listener == n.InterBrokerListener() }

// isController tells whether admin writes may be judged here. Another broker's
// image may lag behind, so it must not even say "unknown topic": the client
// would believe it instead of asking the controller.
func isController(n Node) bool { return n.ControllerID() == n.ID() }

// refuse is the result of a command that is not even proposed.
func refuse(code model.ErrorCode, format string, args ...any) controller.Result {
	return controller.Result{Code: code, Message: fmt.Sprintf(format, args...)}
}

// refuseElsewhere sends the client to the active controller.
func refuseElsewhere(n Node) controller.Result {
	if active := n.ControllerID(); active != model.NoNode && active != n.ID() {
		return refuse(model.NotController, "The active controller appears to be node %d.", active)
	}
	return refuse(model.NotController, "No controller is active at the moment.")
}

// text is a message as the protocol wants it: null if there is nothing to say.
func text(message string) *string {
	if message == "" {
		return nil
	}
	return &message
}

// int32s turns node ids into the protocol's numbers.
func int32s(nodes []model.NodeID) []int32 {
	numbers := make([]int32, len(nodes))
	for i, node := range nodes {
		numbers[i] = int32(node)
	}
	return numbers
}

// nodeIDs turns the protocol's numbers into node ids.
func nodeIDs(numbers []int32) []model.NodeID {
	nodes := make([]model.NodeID, len(numbers))
	for i, number := range numbers {
		nodes[i] = model.NodeID(number)
	}
	return nodes
}
