package server

import (
	"io"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/wire"
)

func TestRepliesLeaveInTheOrderOfRequests(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		client := w.connect("OUTSIDE")
		for id := range int32(4) {
			client.request(metadataRequest(), 100+id)
		}
		requests := inputs[broker.Request](w)
		require.Len(t, requests, 4)
		for i, r := range requests {
			require.Equal(t, uint64(i), r.Call.Seq)
			require.Equal(t, int32(100+i), r.Call.CorrelationID)
			require.Equal(t, "test", r.Call.ClientID)
			require.Equal(t, "OUTSIDE", r.Call.Listener)
			require.Equal(t, metadataRequest(), r.Call.Request)
		}
		w.do(answer(requests[2].Call))
		w.do(answer(requests[1].Call))
		require.Empty(t, client.received(), "the first request is not answered yet")
		w.do(answer(requests[0].Call))
		require.Equal(t, []int32{100, 101, 102}, client.correlationIDs(t))
		w.do(answer(requests[3].Call))
		require.Equal(t, []int32{100, 101, 102, 103}, client.correlationIDs(t))
	})
}

func TestNothingIsWrittenForAcks0(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		client := w.connect("OUTSIDE")
		produce := kmsg.NewPtrProduceRequest()
		produce.Version = 9
		client.request(produce, 1)
		client.request(metadataRequest(), 2)
		requests := inputs[broker.Request](w)
		w.do(answer(requests[1].Call))
		require.Empty(t, client.received())
		w.do(broker.Reply{Call: requests[0].Call})
		require.Equal(t, []int32{2}, client.correlationIDs(t))
	})
}

func TestLargeRepliesAreAllWritten(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		client := w.connect("OUTSIDE")
		var replies []broker.Effect
		for id := range int32(5) {
			client.request(metadataRequest(), id)
		}
		for _, r := range inputs[broker.Request](w) {
			fetch := kmsg.NewPtrFetchResponse()
			fetch.Version = 11
			partition := kmsg.NewFetchResponseTopicPartition()
			partition.RecordBatches = make([]byte, writeChunk/2)
			fetch.Topics = []kmsg.FetchResponseTopic{{Topic: "t", Partitions: []kmsg.FetchResponseTopicPartition{partition}}}
			replies = append(replies, broker.Reply{Call: r.Call, Response: fetch})
		}
		w.do(replies...)
		require.Equal(t, []int32{0, 1, 2, 3, 4}, client.correlationIDs(t))
		for _, frame := range client.received() {
			require.Greater(t, len(frame), writeChunk/2)
		}
	})
}

func TestRequestsInFlightAreBounded(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		client := w.connect("OUTSIDE")
		for id := range int32(maxInFlight + 3) {
			client.request(metadataRequest(), id)
		}
		requests := inputs[broker.Request](w)
		require.Len(t, requests, maxInFlight, "the rest is not even read")
		w.do(answer(requests[1].Call))
		require.Len(t, inputs[broker.Request](w), maxInFlight, "the first one is still open")
		w.do(answer(requests[0].Call))
		require.Len(t, inputs[broker.Request](w), maxInFlight+2)
	})
}

func TestBytesInFlightAreBounded(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		w.driver.settings.MaxRequestBytes = 2 * maxInFlightBytes
		client := w.connect("OUTSIDE")
		produce := kmsg.NewPtrProduceRequest()
		produce.Version = 8
		produce.Topics = []kmsg.ProduceRequestTopic{{Topic: "t", Partitions: []kmsg.ProduceRequestTopicPartition{
			{Records: make([]byte, maxInFlightBytes)}}}}
		client.request(produce, 1)
		client.request(metadataRequest(), 2)
		requests := inputs[broker.Request](w)
		require.Len(t, requests, 1)
		w.do(answer(requests[0].Call))
		require.Len(t, inputs[broker.Request](w), 2)
	})
}

func TestCoreClosesAConnection(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		client, other := w.connect("OUTSIDE"), w.connect("OUTSIDE")
		client.request(metadataRequest(), 1)
		call := inputs[broker.Request](w)[0].Call
		w.do(broker.CloseConn{Conn: call.Conn})
		require.ErrorIs(t, client.closed(), io.EOF)
		require.NoError(t, other.closed())
		w.do(answer(call), broker.CloseConn{Conn: call.Conn}) // too late for both
		require.Empty(t, client.received())
	})
}

func TestAnswerToAClientThatHungUpIsDropped(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		client := w.connect("OUTSIDE")
		client.request(metadataRequest(), 1)
		require.Equal(t, map[string]int{"OUTSIDE": 1}, w.driver.conns.count())
		require.NoError(t, client.net.Close())
		synctest.Wait()
		require.Empty(t, w.driver.conns.count())
		w.do(answer(inputs[broker.Request](w)[0].Call))
	})
}

func TestUnknownApiVersionsVersionIsAnsweredInVersion0(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		client := w.connect("OUTSIDE")
		request := kmsg.NewPtrApiVersionsRequest()
		request.Version = 4
		client.request(request, 1)
		request.Version = 99
		client.request(request, 2)
		require.Empty(t, client.received(), "in order here, too")
		known := inputs[broker.Request](w)
		require.Len(t, known, 1, "the core never sees the unknown version")
		w.do(answer(known[0].Call))
		require.Equal(t, []int32{1, 2}, client.correlationIDs(t))

		_, body, err := wire.DecodeCorrelationID(client.received()[1])
		require.NoError(t, err)
		request.Version = 0
		response, err := wire.DecodeResponse(request, body)
		require.NoError(t, err)
		require.EqualValues(t, model.UnsupportedVersion, response.(*kmsg.ApiVersionsResponse).ErrorCode)
		require.NotEmpty(t, response.(*kmsg.ApiVersionsResponse).ApiKeys)
	})
}

func TestWhatIsNotServedClosesTheConnection(t *testing.T) {
	request := func(r kmsg.Request, version int16) []byte {
		r.SetVersion(version)
		return kmsg.NewRequestFormatter().AppendRequest(nil, r, 1)
	}
	for _, test := range []struct {
		name     string
		listener string
		bytes    []byte
	}{
		{"unknown key", "OUTSIDE", request(kmsg.NewPtrDescribeACLsRequest(), 1)},
		{"unknown version", "OUTSIDE", request(kmsg.NewPtrProduceRequest(), 2)},
		{"inside key", "OUTSIDE", request(kmsg.NewPtrBrokerHeartbeatRequest(), 0)},
		{"raft message", "OUTSIDE", wire.AppendRaft(nil, "broker-2", []byte("vote"))},
		{"too large", "OUTSIDE", []byte{0, 16, 0, 1}},
		{"negative size", "OUTSIDE", []byte{0xff, 0, 0, 0}},
		{"no header", "INSIDE", []byte{0, 0, 0, 2, 0, 0}},
		{"HTTP", "OUTSIDE", []byte("GET / HTTP/1.1\r\n\r\n")},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, &scriptedCore{}, func(w *world) {
				client := w.connect(test.listener)
				client.write(test.bytes)
				require.ErrorIs(t, client.closed(), io.EOF)
				require.Empty(t, w.driver.conns.count())
				require.Empty(t, inputs[broker.Request](w))
				require.Empty(t, inputs[broker.RaftMessage](w))
			})
		})
	}
}

func TestRaftMessagesComeInOnTheInsideListener(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		peer := w.connect("INSIDE")
		peer.write(wire.AppendRaft(nil, "broker-2", []byte("one")))
		peer.request(metadataRequest(), 7)
		peer.write(wire.AppendRaft(nil, "broker-2", []byte("two")))
		require.Equal(t, []broker.RaftMessage{{Payload: []byte("one")}, {Payload: []byte("two")}}, inputs[broker.RaftMessage](w))
		require.EqualValues(t, 0, inputs[broker.Request](w)[0].Call.Seq, "messages take no place among the requests")
	})
}

func TestSecondAnswerIsABrokenPromise(t *testing.T) {
	c := newConn(&driver{}, 1, "OUTSIDE", nil)
	seq := c.begin(wire.Header{Key: kmsg.Metadata}, 10)
	c.finish(seq, nil)
	require.PanicsWithValue(t, "server: conn 1: answer to request 0, open are 0 up to 1, answered before: true", func() { c.finish(seq, nil) })
	require.PanicsWithValue(t, "server: conn 1: answer to request 1, open are 0 up to 1, answered before: false", func() { c.finish(1, nil) })
}
