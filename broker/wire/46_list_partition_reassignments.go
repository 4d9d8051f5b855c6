package wire

import "github.com/twmb/franz-go/pkg/kmsg"

// ListPartitionReassignments: version 0. Always an empty list: a new order of
// replicas, all that can be asked for here, takes effect in one step.
var _ = register(Handler{Key: kmsg.ListPartitionReassignments, Min: 0, Max: 0, Serve: listPartitionReassignments})

func listPartitionReassignments(n Node, call *Call) {
	n.Reply(call, responseTo[*kmsg.ListPartitionReassignmentsResponse](call))
}
