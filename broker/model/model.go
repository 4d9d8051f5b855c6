// Package model holds the words of the replication protocol as types: node ids,
// offsets, epochs and topic partitions. They are distinct types so that an
// offset can never be passed where an epoch is meant.
package model

import (
	"encoding/hex"
	"fmt"
	"time"
)

// NodeID names a broker. Valid ids are >= 0.
type NodeID int32

// NoNode stands for "no broker": a leaderless partition, an unknown controller.
const NoNode NodeID = -1

// Offset is the position of a record in a partition's log. End offsets are
// exclusive.
type Offset int64

// NoOffset stands for an offset that is not known.
const NoOffset Offset = -1

// Epoch is a partition's leader epoch: it grows with every leader change.
type Epoch int32

// NoEpoch stands for "no leader epoch": an empty epoch cache, an old client.
const NoEpoch Epoch = -1

// PartitionEpoch grows with every change of a partition's state in the
// controller; AlterPartition compares and sets it (KIP-497).
type PartitionEpoch int32

// BrokerEpoch identifies one life of a broker process: the Raft index of its
// registration (KIP-631, KIP-903).
type BrokerEpoch int64

// NoBrokerEpoch stands for a life that is not known.
const NoBrokerEpoch BrokerEpoch = -1

// TopicID is a topic's UUID (KIP-516): a topic deleted and created again under
// the same name has another one.
type TopicID [16]byte

func (id TopicID) String() string { return hex.EncodeToString(id[:]) }

// TopicPartition names one log.
type TopicPartition struct {
	Topic     string
	Partition int32
}

func (tp TopicPartition) String() string { return fmt.Sprintf("%s-%d", tp.Topic, tp.Partition) }

// Time is what the driver tells the core about time with every input.
//
// Mono is monotonic since an arbitrary start and drives every timeout and
// session. Wall is milliseconds since the Unix epoch and is used for record
// timestamps and retention only: no safety decision reads it.
type Time struct {
	Mono time.Duration
	Wall int64
}
