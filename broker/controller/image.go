package controller

import (
	"iter"
	"maps"
	"slices"

	"github.com/ackproof/ackproof/broker/model"
)

// Image is the cluster's metadata after a given entry of the quorum's log. It
// is read-only to everyone but Apply; a reader must not keep it across steps.
// Brokers and Partitions are replaced, never changed in place, so a reader may
// keep those to compare with what came after.
type Image struct {
	// Index is the Raft index of the last entry applied.
	Index uint64
	// Brokers ever registered, by id.
	Brokers map[model.NodeID]*Broker
	Topics  map[string]*Topic
	// TopicNames finds a topic by its id.
	TopicNames map[model.TopicID]string `json:"-"`
	// ClusterConfig holds the dynamic cluster-wide defaults (broker configs of
	// the empty resource name), by the broker's property name.
	ClusterConfig map[string]string
	// StaticConfig holds the static topic defaults of the controller that
	// activated last, by the topic's property name.
	StaticConfig map[string]string
	// NextProducerID is the first producer id not yet handed out.
	NextProducerID int64
}

// NewImage is the metadata before the first command.
func NewImage() *Image {
	return &Image{
		Brokers:       map[model.NodeID]*Broker{},
		Topics:        map[string]*Topic{},
		TopicNames:    map[model.TopicID]string{},
		ClusterConfig: map[string]string{},
		StaticConfig:  map[string]string{},
	}
}

// Broker is one registered broker.
type Broker struct {
	ID          model.NodeID
	Epoch       model.BrokerEpoch
	Incarnation [16]byte
	Listeners   []Listener
	Rack        string
	// Fenced brokers are out of every ISR and lead nothing.
	Fenced bool
	// ShuttingDown is set during a controlled shutdown (KIP-841).
	ShuttingDown bool
}

// Eligible tells whether the broker may be in an ISR and lead (KIP-841).
func (b *Broker) Eligible() bool { return b != nil && !b.Fenced && !b.ShuttingDown }

// Listener is an address that a broker advertises.
type Listener struct {
	Name string
	Host string
	Port int32
}

// Topic is a topic and its partitions, indexed by partition number.
type Topic struct {
	Name       string
	ID         model.TopicID
	Partitions []*Partition
	// Config holds the topic's own overrides, by property name.
	Config map[string]string
}

// Partition is the controller's view of a partition. It knows no offsets.
type Partition struct {
	Replicas []model.NodeID // in order of preference
	// ISR is in the order of Replicas and never empty: while every member is
	// fenced, it stays frozen at the last one.
	ISR            []model.NodeID
	Leader         model.NodeID // NoNode while leaderless
	LeaderEpoch    model.Epoch
	PartitionEpoch model.PartitionEpoch
	// Recovering is set from an unclean election until the new leader confirms
	// (leader recovery state, KIP-704).
	Recovering bool
}

// Lookup finds a partition; nil if there is none.
func (i *Image) Lookup(tp model.TopicPartition) (*Topic, *Partition) {
	t := i.Topics[tp.Topic]
	if t == nil || tp.Partition < 0 || int(tp.Partition) >= len(t.Partitions) {
		return nil, nil
	}
	return t, t.Partitions[tp.Partition]
}

// BrokerIDs lists the registered brokers in ascending order.
func (i *Image) BrokerIDs() []model.NodeID {
	return slices.Sorted(maps.Keys(i.Brokers))
}

// TopicList lists the topics' names in ascending order.
func (i *Image) TopicList() []string {
	return slices.Sorted(maps.Keys(i.Topics))
}

// Partitions visits every partition in the order of topic name and number.
func (i *Image) Partitions() iter.Seq2[model.TopicPartition, *Partition] {
	return func(yield func(model.TopicPartition, *Partition) bool) {
		for _, name := range i.TopicList() {
			for n, p := range i.Topics[name].Partitions {
				if !yield(model.TopicPartition{Topic: name, Partition: int32(n)}, p) {
					return
				}
			}
		}
	}
}

// eligibleBrokers lists the brokers that may lead, in ascending order.
func (i *Image) eligibleBrokers() []model.NodeID {
	return slices.DeleteFunc(i.BrokerIDs(), func(id model.NodeID) bool { return !i.Brokers[id].Eligible() })
}
