package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// serveOnly replaces the handlers by ones that the codec's tests rely on.
func serveOnly(t testing.TB, served ...Handler) {
	saved := handlers
	t.Cleanup(func() { handlers = saved })
	handlers = map[kmsg.Key]Handler{}
	for _, h := range served {
		register(h)
	}
}

var codecHandlers = []Handler{
	{Key: kmsg.Produce, Min: 3, Max: 11},
	{Key: kmsg.Fetch, Min: 4, Max: 12, InsideMax: 17},
	{Key: kmsg.Metadata, Min: 0, Max: 12},
	{Key: kmsg.ApiVersions, Min: 0, Max: 4},
	{Key: kmsg.AlterPartition, Min: 2, Max: 3, InsideOnly: true},
}

func frameOf(request kmsg.Request, version int16, clientID string) []byte {
	request.SetVersion(version)
	return kmsg.NewRequestFormatter(kmsg.FormatterClientID(clientID)).AppendRequest(nil, request, 77)[4:]
}

func TestDecodeRequestReadsBothHeaderVersions(t *testing.T) {
	serveOnly(t, codecHandlers...)
	for _, version := range []int16{8, 9, 11} {
		produce := kmsg.NewPtrProduceRequest()
		produce.Acks = -1
		produce.Topics = []kmsg.ProduceRequestTopic{{
			Topic:      "t",
			Partitions: []kmsg.ProduceRequestTopicPartition{{Partition: 3, Records: []byte("records")}},
		}}
		frame := frameOf(produce, version, "client")
		h, got, err := DecodeRequest(frame, false)
		require.NoError(t, err)
		require.Equal(t, Header{Key: kmsg.Produce, Version: version, CorrelationID: 77, ClientID: "client"}, h)
		require.Equal(t, produce, got)

		records := got.(*kmsg.ProduceRequest).Topics[0].Partitions[0].Records
		records[0] = 'R'
		require.Contains(t, string(frame), "Records", "records point into the frame: nothing is copied")
	}
}

func TestAppendRequestWritesWhatKmsgWrites(t *testing.T) {
	for _, version := range []int16{8, 9} {
		request := kmsg.NewPtrMetadataRequest()
		request.Version = version
		want := kmsg.NewRequestFormatter(kmsg.FormatterClientID("client")).AppendRequest(nil, request, 77)
		require.Equal(t, want, AppendRequest(nil, 77, "client", request))
		require.Equal(t, append([]byte("before"), want...), AppendRequest([]byte("before"), 77, "client", request))
	}
}

func TestDecodeRequestSkipsHeaderTags(t *testing.T) {
	serveOnly(t, codecHandlers...)
	frame := []byte{
		0, 3, 0, 9, 0, 0, 0, 5, // Metadata v9, correlation id 5
		0xff, 0xff, // no client id
		2, 0, 3, 'a', 'b', 'c', 1, 0, // two tags
		1, 1, 0, 0, 0, // no topics, auto creation, two flags
	}
	frame = append(frame, 0)
	h, got, err := DecodeRequest(frame, false)
	require.NoError(t, err)
	require.Empty(t, h.ClientID)
	metadata := got.(*kmsg.MetadataRequest)
	require.Empty(t, metadata.Topics)
	require.True(t, metadata.AllowAutoTopicCreation)
}

func TestDecodeRequestRefuses(t *testing.T) {
	serveOnly(t, codecHandlers...)
	cut := func(frame []byte, n int) []byte { return frame[:len(frame)-n] }
	metadata := kmsg.NewPtrMetadataRequest()
	for _, test := range []struct {
		name   string
		frame  []byte
		inside bool
		err    error
	}{
		{"empty", nil, false, ErrMalformed},
		{"half a header", []byte{0, 3, 0, 9}, false, ErrMalformed},
		{"no client id", []byte{0, 3, 0, 9, 0, 0, 0, 5}, false, ErrMalformed},
		{"negative client id", []byte{0, 3, 0, 9, 0, 0, 0, 5, 0xff, 0xfe}, false, ErrMalformed},
		{"client id too long", []byte{0, 3, 0, 9, 0, 0, 0, 5, 0, 9, 'x'}, false, ErrMalformed},
		{"endless tag count", []byte{0, 3, 0, 9, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, false, ErrMalformed},
		{"tag beyond the end", []byte{0, 3, 0, 9, 0, 0, 0, 5, 0xff, 0xff, 1, 0, 0x7f, 1}, false, ErrMalformed},
		{"body cut", cut(frameOf(metadata, 9, "c"), 2), false, ErrMalformed},
		{"negative key", []byte{0xff, 0xff, 0, 0, 0, 0, 0, 5, 0xff, 0xff}, false, ErrUnsupported},
		{"unknown key", frameOf(kmsg.NewPtrHeartbeatRequest(), 0, "c"), false, ErrUnsupported},
		{"version too old", frameOf(kmsg.NewPtrProduceRequest(), 2, "c"), false, ErrUnsupported},
		{"version too new", frameOf(kmsg.NewPtrFetchRequest(), 13, "c"), false, ErrUnsupported},
		{"inside version, inside", frameOf(kmsg.NewPtrFetchRequest(), 17, "c"), true, nil},
		{"inside key, outside", frameOf(kmsg.NewPtrAlterPartitionRequest(), 3, "c"), false, ErrUnsupported},
		{"inside key, inside", frameOf(kmsg.NewPtrAlterPartitionRequest(), 3, "c"), true, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, request, err := DecodeRequest(test.frame, test.inside)
			require.ErrorIs(t, err, test.err)
			require.Equal(t, test.err == nil, request != nil)
		})
	}
}

func TestUnsupportedRequestKeepsItsHeader(t *testing.T) {
	serveOnly(t, codecHandlers...)
	h, _, err := DecodeRequest(frameOf(kmsg.NewPtrApiVersionsRequest(), 99, "c"), false)
	require.ErrorIs(t, err, ErrUnsupported)
	require.Equal(t, Header{Key: kmsg.ApiVersions, Version: 99, CorrelationID: 77}, h)
}

func TestRefuseApiVersionsOffersWhatIsServed(t *testing.T) {
	serveOnly(t, codecHandlers...)
	offered := func(inside bool) map[int16][2]int16 {
		// What is sent has to be readable as version 0.
		frame := AppendResponse(nil, 7, RefuseApiVersions(inside))
		_, body, err := DecodeCorrelationID(frame[4:])
		require.NoError(t, err)
		request := kmsg.NewPtrApiVersionsRequest()
		response, err := DecodeResponse(request, body)
		require.NoError(t, err)
		require.EqualValues(t, model.UnsupportedVersion, response.(*kmsg.ApiVersionsResponse).ErrorCode)
		ranges := map[int16][2]int16{}
		for _, key := range response.(*kmsg.ApiVersionsResponse).ApiKeys {
			ranges[key.ApiKey] = [2]int16{key.MinVersion, key.MaxVersion}
		}
		return ranges
	}
	require.Equal(t, map[int16][2]int16{0: {0, 11}, 1: {4, 12}, 3: {0, 12}, 18: {0, 4}}, offered(false))
	require.Equal(t, map[int16][2]int16{0: {0, 11}, 1: {4, 17}, 3: {0, 12}, 18: {0, 4}, 56: {2, 3}}, offered(true))
}

func TestResponseHeaderHasTagsOnlyIfFlexibleAndNotApiVersions(t *testing.T) {
	for _, test := range []struct {
		name    string
		request kmsg.Request
		version int16
		tags    bool
	}{
		{"plain", kmsg.NewPtrMetadataRequest(), 8, false},
		{"flexible", kmsg.NewPtrMetadataRequest(), 9, true},
		{"ApiVersions plain", kmsg.NewPtrApiVersionsRequest(), 2, false},
		{"ApiVersions flexible", kmsg.NewPtrApiVersionsRequest(), 3, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.request.SetVersion(test.version)
			response := test.request.ResponseKind()
			body := response.AppendTo(nil)
			frame := AppendResponse([]byte("x"), 7, response)
			header := []byte{'x', 0, 0, 0, byte(len(frame) - 5), 0, 0, 0, 7}
			if test.tags {
				header = append(header, 0)
			}
			require.Equal(t, append(header, body...), frame)

			correlationID, rest, err := DecodeCorrelationID(frame[5:])
			require.NoError(t, err)
			require.EqualValues(t, 7, correlationID)
			again, err := DecodeResponse(test.request, rest)
			require.NoError(t, err)
			require.Equal(t, body, again.AppendTo(nil))
		})
	}
}

func TestDecodeResponseRefusesGarbage(t *testing.T) {
	_, _, err := DecodeCorrelationID([]byte{0, 0, 0})
	require.ErrorIs(t, err, ErrMalformed)
	request := kmsg.NewPtrMetadataRequest()
	request.SetVersion(9)
	_, err = DecodeResponse(request, nil)
	require.ErrorIs(t, err, ErrMalformed)
	_, err = DecodeResponse(request, []byte{0, 0, 0})
	require.ErrorIs(t, err, ErrMalformed)
}

func TestRaftFrames(t *testing.T) {
	frame := AppendRaft(nil, "broker-2", []byte("vote for me"))[4:]
	payload, ok := RaftPayload(frame)
	require.True(t, ok)
	require.Equal(t, "vote for me", string(payload))

	_, ok = RaftPayload(frameOf(kmsg.NewPtrMetadataRequest(), 9, "c"))
	require.False(t, ok)
	_, ok = RaftPayload(frame[:9])
	require.False(t, ok, "a raft message cut in its header")
	_, _, err := DecodeRequest(frame, true)
	require.ErrorIs(t, err, ErrUnsupported)
}

// FuzzDecodeRequest holds that no bytes can make the decoder panic, and that
// what it reads it can write and read again.
func FuzzDecodeRequest(f *testing.F) {
	serveOnly(f, codecHandlers...)
	produce := kmsg.NewPtrProduceRequest()
	produce.Topics = []kmsg.ProduceRequestTopic{{Topic: "t", Partitions: []kmsg.ProduceRequestTopicPartition{{Records: []byte("r")}}}}
	f.Add(frameOf(produce, 9, "client"))
	f.Add(frameOf(kmsg.NewPtrFetchRequest(), 12, "client"))
	f.Add(frameOf(kmsg.NewPtrMetadataRequest(), 4, ""))
	f.Add(frameOf(kmsg.NewPtrAlterPartitionRequest(), 3, "broker-1"))
	f.Add(frameOf(kmsg.NewPtrApiVersionsRequest(), 99, "client"))
	f.Add(AppendRaft(nil, "broker-2", []byte("message"))[4:])
	f.Fuzz(func(t *testing.T, frame []byte) {
		RaftPayload(frame)
		h, request, err := DecodeRequest(frame, true)
		if err != nil {
			return
		}
		_, again, err := DecodeRequest(frameOf(request, h.Version, h.ClientID), true)
		require.NoError(t, err)
		require.Equal(t, request, again)
	})
}
