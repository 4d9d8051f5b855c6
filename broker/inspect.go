package broker

import (
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
)

// InOffice tells whether this broker is the active controller.
func (c *Core) InOffice() bool { return c.controller.Active() }

// EachReplica visits the replicas that this broker holds, in order, for somebody
// who looks on between two steps. There are none once it has stopped: what a
// write that failed left behind is unknown until the log is opened again.
func (c *Core) EachReplica(visit func(model.TopicID, *partition.Partition)) {
	if c.failure != nil || c.exited {
		return
	}
	for _, h := range c.partitions.sorted {
		visit(h.topicID, h.replica)
	}
}
