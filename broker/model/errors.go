package model

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
)

// ErrorCode is an error number of the Kafka protocol.
type ErrorCode int16

// The codes that this broker answers with.
const (
	UnknownServerError           ErrorCode = -1
	None                         ErrorCode = 0
	OffsetOutOfRange             ErrorCode = 1
	CorruptMessage               ErrorCode = 2
	UnknownTopicOrPartition      ErrorCode = 3
	LeaderNotAvailable           ErrorCode = 5
	NotLeaderOrFollower          ErrorCode = 6
	RequestTimedOut              ErrorCode = 7
	MessageTooLarge              ErrorCode = 10
	CoordinatorLoadInProgress    ErrorCode = 14
	CoordinatorNotAvailable      ErrorCode = 15
	InvalidTopicException        ErrorCode = 17
	NotEnoughReplicas            ErrorCode = 19
	NotEnoughReplicasAfterAppend ErrorCode = 20
	InvalidRequiredAcks          ErrorCode = 21
	UnsupportedVersion           ErrorCode = 35
	TopicAlreadyExists           ErrorCode = 36
	InvalidPartitions            ErrorCode = 37
	InvalidReplicationFactor     ErrorCode = 38
	InvalidReplicaAssignment     ErrorCode = 39
	InvalidConfig                ErrorCode = 40
	NotController                ErrorCode = 41
	InvalidRequest               ErrorCode = 42
	UnsupportedForMessageFormat  ErrorCode = 43
	PolicyViolation              ErrorCode = 44
	OutOfOrderSequence           ErrorCode = 45
	InvalidProducerEpoch         ErrorCode = 47
	InvalidTxnState              ErrorCode = 48
	OperationNotAttempted        ErrorCode = 55
	KafkaStorageError            ErrorCode = 56
	FencedLeaderEpoch            ErrorCode = 74
	UnknownLeaderEpoch           ErrorCode = 75
	UnsupportedCompressionType   ErrorCode = 76
	StaleBrokerEpoch             ErrorCode = 77
	OffsetNotAvailable           ErrorCode = 78
	PreferredLeaderNotAvailable  ErrorCode = 80
	EligibleLeadersNotAvailable  ErrorCode = 83
	ElectionNotNeeded            ErrorCode = 84
	NoReassignmentInProgress     ErrorCode = 85
	InvalidRecord                ErrorCode = 87
	InvalidUpdateVersion         ErrorCode = 95
	UnknownTopicID               ErrorCode = 100
	DuplicateBrokerRegistration  ErrorCode = 101
	BrokerIDNotRegistered        ErrorCode = 102
	InconsistentClusterID        ErrorCode = 104
	IneligibleReplica            ErrorCode = 107
	NewLeaderElected             ErrorCode = 108
)

// String gives the protocol's own name, such as NOT_LEADER_OR_FOLLOWER.
func (c ErrorCode) String() string {
	if c == None {
		return "NONE"
	}
	if e := kerr.TypedErrorForCode(int16(c)); e != nil {
		return e.Message
	}
	return fmt.Sprintf("ERROR_%d", int16(c))
}

// Error makes a code usable as an error; None must not be returned as one.
func (c ErrorCode) Error() string { return c.String() }
