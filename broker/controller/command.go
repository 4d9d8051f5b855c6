package controller

import "github.com/ackproof/ackproof/broker/model"

// Command is one entry of the quorum's log: exactly one field is set. Every
// command is validated when it is applied, against the state at that point of
// the log, so there is no speculative state to roll back.
type Command struct {
	Activate            *Activate
	RegisterBroker      *RegisterBroker
	BrokerStateChange   *BrokerStateChange
	CreateTopic         *CreateTopic
	DeleteTopic         *DeleteTopic
	CreatePartitions    *CreatePartitions
	AlterPartition      *AlterPartition
	ElectLeader         *ElectLeader
	ReorderReplicas     *ReorderReplicas
	SetConfig           *SetConfig
	AllocateProducerIDs *AllocateProducerIDs
}

// Activate is the barrier that a new Raft leader commits before it serves: once
// applied, everything of earlier terms is applied too. It also records the
// static topic defaults of the new controller, so that an election decides the
// same on every broker, even where the brokers' own configurations differ
// (the reasoning of KAFKA-16540).
type Activate struct {
	Node         model.NodeID
	Term         uint64
	StaticConfig map[string]string
}

// RegisterBroker starts a broker's new life. Its Raft index becomes the broker
// epoch. It is accepted if the broker is unknown, or fenced under the
// registration that this one replaces, or if the incarnation is the registered
// one (a retry); otherwise DUPLICATE_BROKER_REGISTRATION.
type RegisterBroker struct {
	ID          model.NodeID
	Incarnation [16]byte
	Listeners   []Listener
	Rack        string
	// PreviousEpoch is the broker epoch found in the clean-shutdown marker, or
	// NoBrokerEpoch after an unclean stop.
	PreviousEpoch model.BrokerEpoch
	// Replaces is the epoch of the registration that the broker finds in its own
	// metadata, 0 if there is none. A request that an earlier life has sent and
	// that comes late finds another one, and takes nothing over.
	Replaces model.BrokerEpoch
}

// Transition is what happens to a broker.
type Transition string

// The transitions of BrokerStateChange.
const (
	Fence    Transition = "fence"
	Unfence  Transition = "unfence"
	Shutdown Transition = "shutdown"
)

// BrokerStateChange fences, unfences or marks a broker as shutting down, if
// Epoch is its current one (else STALE_BROKER_EPOCH).
type BrokerStateChange struct {
	ID    model.NodeID
	Epoch model.BrokerEpoch
	To    Transition
}

// CreateTopic makes a topic; a retry with the same ID is answered with the topic
// as it is. Replicas, if given, are the manual assignment per
// partition; else they are spread round robin over the unfenced brokers.
type CreateTopic struct {
	Name              string
	ID                model.TopicID
	Partitions        int32
	ReplicationFactor int16
	Replicas          [][]model.NodeID
	Config            map[string]string
	ValidateOnly      bool
}

// DeleteTopic removes the topic of a name; if ID is given, no other than that one
// (KIP-516): by the time it is applied the name may be another topic's.
type DeleteTopic struct {
	Name string
	ID   model.TopicID
}

// CreatePartitions raises a topic's partition count to Total.
type CreatePartitions struct {
	Topic        string
	Total        int32
	Replicas     [][]model.NodeID // for the new ones
	ValidateOnly bool
}

// ISRMember is a proposed ISR member with the broker epoch under which the
// leader heard its fetches; NoBrokerEpoch if it has not heard from it (KIP-903).
type ISRMember struct {
	ID    model.NodeID
	Epoch model.BrokerEpoch
}

// AlterPartition is a leader's proposal for a new ISR (KIP-497). It is applied
// only if both epochs are the current ones (replication checks of
// ReplicationControlManager.validateAlterPartitionData).
type AlterPartition struct {
	TopicID        model.TopicID
	Partition      int32
	Leader         model.NodeID
	BrokerEpoch    model.BrokerEpoch
	LeaderEpoch    model.Epoch
	PartitionEpoch model.PartitionEpoch
	ISR            []ISRMember
	Recovering     bool
}

// ElectLeader elects the preferred replica, or (Unclean) any live one if the
// partition has no leader.
type ElectLeader struct {
	Topic     string
	Partition int32
	Unclean   bool
}

// ReorderReplicas changes the order of preference of a partition's replicas;
// the set must stay the same.
type ReorderReplicas struct {
	Topic     string
	Partition int32
	Replicas  []model.NodeID
}

// SetConfig sets (Value) or removes (nil) one property of a topic, or of the
// cluster's default if Topic is empty; there the property goes by its broker
// name (log.retention.ms for a topic's retention.ms).
type SetConfig struct {
	Topic string
	Name  string
	Value *string
}

// AllocateProducerIDs hands out a block of producer ids.
type AllocateProducerIDs struct {
	ID    model.NodeID
	Epoch model.BrokerEpoch
	Count int32
}

// Result answers a command to the one who proposed it. Fields beyond Code and
// Message are set where the command defines them.
type Result struct {
	Code    model.ErrorCode
	Message string
	// Index is the Raft index at which the command was applied; 0 if it never was.
	Index uint64
	// BrokerEpoch of a registration.
	BrokerEpoch model.BrokerEpoch
	// Partition after an AlterPartition or ElectLeader, or at its refusal.
	Partition *Partition
	// Topic after CreateTopic, CreatePartitions or DeleteTopic.
	Topic *Topic
	// FirstProducerID of an allocated block.
	FirstProducerID int64
}
