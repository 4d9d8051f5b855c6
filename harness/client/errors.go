package client

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/workloads"
)

// Names of the errors that the protocol has no name for.
const (
	nameTimeout  = "TIMEOUT"
	nameNetwork  = "NETWORK"
	nameClosed   = "CLIENT_CLOSED"
	nameDataLoss = "DATA_LOSS"
	nameBuffer   = "CLIENT_BUFFER_FULL"
	nameNoOffset = "ACK_WITHOUT_OFFSET"
	nameUnknown  = "UNKNOWN"
)

// attempts says what is known of the tries behind one result.
type attempts bool

const (
	// onlyAttempt: the request was sent once, and this is its answer.
	onlyAttempt attempts = true
	// maybeRetried: a client library may have sent it before.
	maybeRetried attempts = false
)

// alwaysRefused are the errors of validation: the same bytes get the same
// answer on every attempt, so none of them was appended.
var alwaysRefused = map[int16]bool{
	kerr.InvalidTopicException.Code:              true,
	kerr.MessageTooLarge.Code:                    true,
	kerr.RecordListTooLarge.Code:                 true,
	kerr.InvalidRequiredAcks.Code:                true,
	kerr.InvalidRecord.Code:                      true,
	kerr.InvalidTimestamp.Code:                   true,
	kerr.UnsupportedForMessageFormat.Code:        true,
	kerr.UnsupportedCompressionType.Code:         true,
	kerr.UnsupportedVersion.Code:                 true,
	kerr.InvalidReplicationFactor.Code:           true,
	kerr.TopicAuthorizationFailed.Code:           true,
	kerr.ClusterAuthorizationFailed.Code:         true,
	kerr.TransactionalIDAuthorizationFailed.Code: true,
}

// refusedThisTime are answers that mean "not appended now": definite only when
// there was no earlier attempt that may have been.
var refusedThisTime = map[int16]bool{
	kerr.UnknownTopicOrPartition.Code: true,
	kerr.UnknownTopicID.Code:          true,
	kerr.NotEnoughReplicas.Code:       true,
	kerr.InvalidProducerEpoch.Code:    true,
	kerr.ProducerFenced.Code:          true,
}

// SendError classifies the error of a send of which earlier tries may have been
// executed.
func SendError(err error) *workloads.OpError { return sendError(err, maybeRetried) }

// sendError classifies the error of a send. Whatever is not proven to be a
// refusal before the append is history.Info; NOT_LEADER_OR_FOLLOWER is too: a
// leader that is deposed while a write waits answers so, and the record may
// survive.
func sendError(err error, tries attempts) *workloads.OpError {
	e := describe(err)
	e.Class = history.Info
	if errors.Is(err, kgo.ErrMaxBuffered) {
		e.Class = history.Fail // it never left the client
	}
	var ke *kerr.Error
	if errors.As(err, &ke) && (alwaysRefused[ke.Code] || refusedThisTime[ke.Code] && tries == onlyAttempt) {
		e.Class = history.Fail
	}
	return e
}

// ReadError classifies the error of a read: a read that returned nothing had
// no effect, so it is always history.Fail.
func ReadError(err error) *workloads.OpError {
	e := describe(err)
	e.Class = history.Fail
	return e
}

// describe names err and leaves the class open.
func describe(err error) *workloads.OpError {
	e := &workloads.OpError{Name: nameUnknown, Detail: oneLine(err.Error())}
	var (
		ke   *kerr.Error
		loss *kgo.ErrDataLoss
		ne   net.Error
	)
	switch {
	case errors.As(err, &loss):
		e.Name = nameDataLoss
	case errors.Is(err, kgo.ErrMaxBuffered):
		e.Name = nameBuffer
	case errors.Is(err, kgo.ErrClientClosed), errors.Is(err, kgo.ErrAborting):
		e.Name = nameClosed
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, kgo.ErrRecordTimeout), errors.Is(err, kgo.ErrRecordRetries), errors.Is(err, context.Canceled):
		e.Name = nameTimeout
	case errors.As(err, &ke):
		e.Name = ke.Message
		if e.Detail == ke.Error() {
			e.Detail = "" // the protocol's own explanation of its own name
		}
	case errors.As(err, &ne) && ne.Timeout():
		e.Name = nameTimeout
	case errors.As(err, &ne), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		e.Name = nameNetwork
	}
	return e
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}
