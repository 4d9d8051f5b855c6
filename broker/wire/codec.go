package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// RaftKey is the API key of a message of the metadata quorum. It is private to
// ackproof's brokers and outside Kafka's range: the body is the message as it
// is, and there is no response.
const RaftKey kmsg.Key = 30000

// The ways in which a request cannot be read.
var (
	// ErrMalformed: the bytes are not what the protocol says.
	ErrMalformed = errors.New("malformed request")
	// ErrUnsupported: this key, in this version, is not served here. Kafka
	// closes the connection, except for ApiVersions.
	ErrUnsupported = errors.New("unsupported request")
)

// Header is what every request starts with.
type Header struct {
	Key           kmsg.Key
	Version       int16
	CorrelationID int32
	ClientID      string
}

// DecodeRequest parses a request that came in on an inside or an outside
// listener. The request points into the frame. With ErrUnsupported the header
// is filled in but for ClientID, whose place depends on the version.
func DecodeRequest(frame []byte, inside bool) (h Header, request kmsg.Request, err error) {
	// kmsg guards its reads, but it is generated code that meets hostile bytes
	// here: a request must never be able to end the broker.
	defer func() {
		if p := recover(); p != nil {
			request, err = nil, fmt.Errorf("%w: %s v%d: decoder panicked: %v", ErrMalformed, h.Key.Name(), h.Version, p)
		}
	}()
	h, rest, err := decodeFixedHeader(frame)
	if err != nil {
		return h, nil, err
	}
	if _, ok := Lookup(h.Key, h.Version, inside); !ok {
		return h, nil, fmt.Errorf("%w: %s (key %d) version %d", ErrUnsupported, h.Key.Name(), h.Key, h.Version)
	}
	request = h.Key.Request()
	if request == nil {
		return h, nil, fmt.Errorf("%w: key %d", ErrUnsupported, h.Key)
	}
	request.SetVersion(h.Version)
	if h.ClientID, rest, err = decodeClientID(rest); err != nil {
		return h, nil, err
	}
	if request.IsFlexible() {
		if rest, err = skipTags(rest); err != nil {
			return h, nil, err
		}
	}
	if err := request.ReadFrom(rest); err != nil {
		return h, nil, fmt.Errorf("%w: %s v%d: %w", ErrMalformed, h.Key.Name(), h.Version, err)
	}
	return h, request, nil
}

// RaftPayload tells whether a frame is a message of the metadata quorum, and
// gives the message, which points into the frame.
func RaftPayload(frame []byte) ([]byte, bool) {
	h, rest, err := decodeFixedHeader(frame)
	if err != nil || h.Key != RaftKey {
		return nil, false
	}
	_, payload, err := decodeClientID(rest)
	return payload, err == nil
}

// AppendRaft appends a frame that carries a message of the metadata quorum.
func AppendRaft(dst []byte, clientID string, payload []byte) []byte {
	start := len(dst)
	dst = appendHeader(beginFrame(dst), Header{Key: RaftKey, ClientID: clientID})
	return endFrame(append(dst, payload...), start)
}

// AppendRequest appends a request frame. kmsg's own formatter cannot: it takes
// everything in dst for part of the frame.
func AppendRequest(dst []byte, correlationID int32, clientID string, request kmsg.Request) []byte {
	start := len(dst)
	dst = appendHeader(beginFrame(dst), Header{
		Key: kmsg.Key(request.Key()), Version: request.GetVersion(), CorrelationID: correlationID, ClientID: clientID,
	})
	if request.IsFlexible() {
		dst = append(dst, 0)
	}
	return endFrame(request.AppendTo(dst), start)
}

func appendHeader(dst []byte, h Header) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(h.Key))
	dst = binary.BigEndian.AppendUint16(dst, uint16(h.Version))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.CorrelationID))
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(h.ClientID)))
	return append(dst, h.ClientID...)
}

// AppendResponse appends a response frame. ApiVersions has no tag section in
// its header, whatever its version: a client that does not know the broker yet
// has to be able to read it (KIP-511).
func AppendResponse(dst []byte, correlationID int32, response kmsg.Response) []byte {
	start := len(dst)
	dst = beginFrame(dst)
	dst = binary.BigEndian.AppendUint32(dst, uint32(correlationID))
	if response.IsFlexible() && kmsg.Key(response.Key()) != kmsg.ApiVersions {
		dst = append(dst, 0)
	}
	dst = response.AppendTo(dst)
	return endFrame(dst, start)
}

// DecodeCorrelationID reads the correlation id of a response frame and returns
// what follows it.
func DecodeCorrelationID(frame []byte) (int32, []byte, error) {
	if len(frame) < 4 {
		return 0, nil, fmt.Errorf("%w: response of %d bytes", ErrMalformed, len(frame))
	}
	return int32(binary.BigEndian.Uint32(frame)), frame[4:], nil
}

// DecodeResponse parses what follows the correlation id in the response to a
// request. The response points into body.
func DecodeResponse(request kmsg.Request, body []byte) (response kmsg.Response, err error) {
	name := kmsg.NameForKey(request.Key())
	defer func() {
		if p := recover(); p != nil {
			response, err = nil, fmt.Errorf("%w: response to %s: decoder panicked: %v", ErrMalformed, name, p)
		}
	}()
	response = request.ResponseKind()
	if response.IsFlexible() && kmsg.Key(response.Key()) != kmsg.ApiVersions {
		if body, err = skipTags(body); err != nil {
			return nil, err
		}
	}
	if err := response.ReadFrom(body); err != nil {
		return nil, fmt.Errorf("%w: response to %s: %w", ErrMalformed, name, err)
	}
	return response, nil
}

// RefuseApiVersions answers an ApiVersions request of a version that is not
// known here: in version 0, which everybody can read, with what is served, so
// that the client can ask again (KIP-511).
func RefuseApiVersions(inside bool) *kmsg.ApiVersionsResponse {
	response := kmsg.NewPtrApiVersionsResponse()
	response.Version = 0
	response.ErrorCode = int16(model.UnsupportedVersion)
	response.ApiKeys = APIKeys(inside)
	return response
}

func decodeFixedHeader(frame []byte) (Header, []byte, error) {
	if len(frame) < 8 {
		return Header{}, nil, fmt.Errorf("%w: %d bytes are no request header", ErrMalformed, len(frame))
	}
	return Header{
		Key:           kmsg.Key(binary.BigEndian.Uint16(frame)),
		Version:       int16(binary.BigEndian.Uint16(frame[2:])),
		CorrelationID: int32(binary.BigEndian.Uint32(frame[4:])),
	}, frame[8:], nil
}

// decodeClientID reads a nullable string with a 16-bit length: the client id
// is never compact, not even in header version 2 (KIP-511).
func decodeClientID(src []byte) (string, []byte, error) {
	if len(src) < 2 {
		return "", nil, fmt.Errorf("%w: header ends before the client id", ErrMalformed)
	}
	length := int(int16(binary.BigEndian.Uint16(src)))
	src = src[2:]
	if length == -1 {
		return "", src, nil
	}
	if length < 0 || length > len(src) {
		return "", nil, fmt.Errorf("%w: client id of %d bytes", ErrMalformed, length)
	}
	return string(src[:length]), src[length:], nil
}

// skipTags passes over a tag section (KIP-482): a header has no tag that this
// broker knows.
func skipTags(src []byte) ([]byte, error) {
	count, src, err := uvarint(src)
	if err != nil {
		return nil, err
	}
	for range count {
		var size uint64
		if _, src, err = uvarint(src); err != nil {
			return nil, err
		}
		if size, src, err = uvarint(src); err != nil {
			return nil, err
		}
		if size > uint64(len(src)) {
			return nil, fmt.Errorf("%w: header tag of %d bytes", ErrMalformed, size)
		}
		src = src[size:]
	}
	return src, nil
}

func uvarint(src []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(src)
	if n <= 0 || v > math.MaxUint32 {
		return 0, nil, fmt.Errorf("%w: header tags", ErrMalformed)
	}
	return v, src[n:], nil
}
