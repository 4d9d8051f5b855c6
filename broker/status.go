package broker

import (
	"slices"

	"github.com/ackproof/ackproof/broker/model"
)

// Status is what a broker says about itself to those who operate it: health
// and metrics. It is a copy, so it may be kept and read anywhere.
type Status struct {
	// Registered tells whether the controller knows this life of the broker.
	Registered bool
	// Fenced brokers lead nothing and serve no client; true until the first
	// heartbeat that the controller liked.
	Fenced       bool
	BrokerEpoch  model.BrokerEpoch
	ControllerID model.NodeID
	IsController bool
	Partitions   []PartitionStatus
}

// PartitionStatus is one replica as its own broker sees it.
type PartitionStatus struct {
	Topic       string
	Partition   int32
	Leader      model.NodeID
	LeaderEpoch model.Epoch
	IsLeader    bool
	LEO         model.Offset
	HW          model.Offset
	LogStart    model.Offset
	ISR         []model.NodeID
	Replicas    []model.NodeID
}

// Unfenced tells whether the controller lets this broker serve clients.
func (c *Core) Unfenced() bool { return c.lifecycle.registered() && !c.lifecycle.fenced }

// Status copies what the broker knows of itself. Call it between steps.
func (c *Core) Status() Status {
	s := Status{
		Registered:   c.lifecycle.registered(),
		Fenced:       c.lifecycle.fenced,
		BrokerEpoch:  c.lifecycle.epoch,
		ControllerID: c.ControllerID(),
		IsController: c.controller.Active(),
	}
	for _, h := range c.partitions.sorted {
		state := h.replica.State()
		s.Partitions = append(s.Partitions, PartitionStatus{
			Topic:       h.tp.Topic,
			Partition:   h.tp.Partition,
			Leader:      state.Leader,
			LeaderEpoch: state.LeaderEpoch,
			IsLeader:    h.replica.IsLeader(),
			LEO:         h.replica.Log().EndOffset(),
			HW:          h.replica.HighWatermark(),
			LogStart:    h.replica.Log().StartOffset(),
			ISR:         slices.Clone(state.ISR),
			Replicas:    slices.Clone(state.Replicas),
		})
	}
	return s
}
