package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ackproof/ackproof/harness/history"
)

// The table is the heart of the harness's honesty: a fail that should be an
// info makes a false anomaly, and an info that should be a fail hides one.
func TestSendErrorsAreClassified(t *testing.T) {
	netError := func(err error) error {
		return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", err)}
	}
	tests := []struct {
		err  error
		name string
		// class of the first and only attempt, and of one that may be a retry.
		only, retried history.Type
	}{
		// Nobody knows.
		{context.DeadlineExceeded, nameTimeout, history.Info, history.Info},
		{context.Canceled, nameTimeout, history.Info, history.Info},
		{os.ErrDeadlineExceeded, nameTimeout, history.Info, history.Info},
		{kgo.ErrRecordTimeout, nameTimeout, history.Info, history.Info},
		{kgo.ErrRecordRetries, nameTimeout, history.Info, history.Info},
		{kgo.ErrClientClosed, nameClosed, history.Info, history.Info},
		{kgo.ErrAborting, nameClosed, history.Info, history.Info},
		{io.EOF, nameNetwork, history.Info, history.Info},
		{io.ErrUnexpectedEOF, nameNetwork, history.Info, history.Info},
		{net.ErrClosed, nameNetwork, history.Info, history.Info},
		{netError(syscall.ECONNRESET), nameNetwork, history.Info, history.Info},
		{netError(syscall.ECONNREFUSED), nameNetwork, history.Info, history.Info},
		{netError(syscall.ETIMEDOUT), nameTimeout, history.Info, history.Info},
		{errors.New("something new"), nameUnknown, history.Info, history.Info},
		{kerr.NotLeaderForPartition, "NOT_LEADER_FOR_PARTITION", history.Info, history.Info},
		{kerr.RequestTimedOut, "REQUEST_TIMED_OUT", history.Info, history.Info},
		{kerr.NotEnoughReplicasAfterAppend, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", history.Info, history.Info},
		{kerr.UnknownServerError, "UNKNOWN_SERVER_ERROR", history.Info, history.Info},
		{kerr.OutOfOrderSequenceNumber, "OUT_OF_ORDER_SEQUENCE_NUMBER", history.Info, history.Info},
		{kerr.KafkaStorageError, "KAFKA_STORAGE_ERROR", history.Info, history.Info},
		{kerr.LeaderNotAvailable, "LEADER_NOT_AVAILABLE", history.Info, history.Info},
		{kerr.NetworkException, "NETWORK_EXCEPTION", history.Info, history.Info},
		{kerr.CorruptMessage, "CORRUPT_MESSAGE", history.Info, history.Info},
		// Refused, but an earlier attempt may have been appended.
		{kerr.NotEnoughReplicas, "NOT_ENOUGH_REPLICAS", history.Fail, history.Info},
		{kerr.UnknownTopicOrPartition, "UNKNOWN_TOPIC_OR_PARTITION", history.Fail, history.Info},
		{kerr.UnknownTopicID, "UNKNOWN_TOPIC_ID", history.Fail, history.Info},
		{kerr.InvalidProducerEpoch, "INVALID_PRODUCER_EPOCH", history.Fail, history.Info},
		{kerr.ProducerFenced, "PRODUCER_FENCED", history.Fail, history.Info},
		// Refused whenever it is tried.
		{kerr.MessageTooLarge, "MESSAGE_TOO_LARGE", history.Fail, history.Fail},
		{kerr.RecordListTooLarge, "RECORD_LIST_TOO_LARGE", history.Fail, history.Fail},
		{kerr.InvalidReplicationFactor, "INVALID_REPLICATION_FACTOR", history.Fail, history.Fail},
		{kerr.InvalidTopicException, "INVALID_TOPIC_EXCEPTION", history.Fail, history.Fail},
		{kerr.InvalidRequiredAcks, "INVALID_REQUIRED_ACKS", history.Fail, history.Fail},
		{kerr.InvalidRecord, "INVALID_RECORD", history.Fail, history.Fail},
		{kerr.UnsupportedVersion, "UNSUPPORTED_VERSION", history.Fail, history.Fail},
		{kerr.TopicAuthorizationFailed, "TOPIC_AUTHORIZATION_FAILED", history.Fail, history.Fail},
		// Never sent.
		{kgo.ErrMaxBuffered, nameBuffer, history.Fail, history.Fail},
	}
	for _, tt := range tests {
		t.Run(tt.err.Error(), func(t *testing.T) {
			for _, err := range []error{tt.err, fmt.Errorf("wrapped: %w", tt.err)} {
				only, retried, read := sendError(err, onlyAttempt), sendError(err, maybeRetried), ReadError(err)
				require.Equal(t, tt.name, only.Name)
				require.Equal(t, tt.only, only.Class, "the only attempt")
				require.Equal(t, tt.retried, retried.Class, "an attempt that may be a retry")
				require.Equal(t, history.Fail, read.Class, "a read without an answer had no effect")
			}
		})
	}
}

func TestErrorsAreOneLine(t *testing.T) {
	e := ReadError(errors.Join(errors.New("one"), errors.New("two")))
	require.Equal(t, "UNKNOWN: one two", e.Error())
	require.Equal(t, "NOT_ENOUGH_REPLICAS", sendError(kerr.NotEnoughReplicas, onlyAttempt).Error(),
		"the protocol's own words for its own name add nothing")
}

func TestDataLossSeenByAConsumerIsNamed(t *testing.T) {
	e := ReadError(&kgo.ErrDataLoss{Topic: "log", ConsumedTo: 5, ResetTo: 3})
	require.Equal(t, nameDataLoss, e.Name)
	require.NotEmpty(t, e.Detail)
}
