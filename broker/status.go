package broker

import "github.com/ackproof/ackproof/broker/model"

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
