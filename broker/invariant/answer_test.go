package invariant

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

func produce(acks int16) *kmsg.ProduceRequest {
	req := kmsg.NewPtrProduceRequest()
	req.Acks = acks
	return req
}

func produced(topic string, code model.ErrorCode, base int64) *kmsg.ProduceResponse {
	p := kmsg.NewProduceResponseTopicPartition()
	p.ErrorCode, p.BaseOffset = int16(code), base
	resp := kmsg.NewPtrProduceResponse()
	resp.Topics = []kmsg.ProduceResponseTopic{{Topic: topic, Partitions: []kmsg.ProduceResponseTopicPartition{p}}}
	return resp
}

func fetch(replica int32) *kmsg.FetchRequest {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaState.ID = replica
	return req
}

func fetched(records []byte) *kmsg.FetchResponse {
	p := kmsg.NewFetchResponseTopicPartition()
	p.RecordBatches = records
	resp := kmsg.NewPtrFetchResponse()
	resp.Topics = []kmsg.FetchResponseTopic{{Topic: "t", Partitions: []kmsg.FetchResponseTopicPartition{p}}}
	return resp
}

func ask(timestamp int64, replica int32) *kmsg.ListOffsetsRequest {
	p := kmsg.NewListOffsetsRequestTopicPartition()
	p.Timestamp = timestamp
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID = replica
	req.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: "t", Partitions: []kmsg.ListOffsetsRequestTopicPartition{p}}}
	return req
}

func told(code model.ErrorCode) *kmsg.ListOffsetsResponse {
	p := kmsg.NewListOffsetsResponseTopicPartition()
	p.ErrorCode = int16(code)
	resp := kmsg.NewPtrListOffsetsResponse()
	resp.Topics = []kmsg.ListOffsetsResponseTopic{{Topic: "t", Partitions: []kmsg.ListOffsetsResponseTopicPartition{p}}}
	return resp
}

// TestNoEndIsToldTooEarly has a new leader answer that has not caught up with its
// epoch yet.
func TestNoEndIsToldTooEarly(t *testing.T) {
	for _, row := range []struct {
		name string
		req  *kmsg.ListOffsetsRequest
		resp *kmsg.ListOffsetsResponse
		hw   model.Offset
		want Class
	}{
		{"the end", ask(-1, -1), told(model.None), 2, EndTooEarly},
		{"the end, caught up", ask(-1, -1), told(model.None), 4, ""},
		{"not told", ask(-1, -1), told(model.OffsetNotAvailable), 2, ""},
		{"the start", ask(-2, -1), told(model.None), 2, ""},
		{"a follower's question", ask(-1, 3), told(model.None), 2, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newScene(t, Options{})
			committed(s)
			s.elect(2, 1, 1, 2, 3)
			s.see(2, row.hw)
			s.Answered(2, row.req, row.resp)
			if row.want == "" {
				require.Empty(t, s.Problems())
			} else {
				require.Equal(t, []Class{row.want}, s.classes())
			}
		})
	}
}

// TestAnswersAreCommitted has the leader, whose watermark is 4 and whose log ends
// at 6, answer clients and followers.
func TestAnswersAreCommitted(t *testing.T) {
	both := append(batch(2, 0, "ab"), batch(4, 0, "ab")...)
	for _, row := range []struct {
		name string
		req  kmsg.Request
		resp kmsg.Response
		want Class
	}{
		{"committed", produce(-1), produced("t", model.None, 2), ""},
		{"not committed", produce(-1), produced("t", model.None, 4), AckedUncommitted},
		{"not asked to be", produce(1), produced("t", model.None, 4), ""},
		{"refused", produce(-1), produced("t", model.RequestTimedOut, 4), ""},
		{"a topic that is gone", produce(-1), produced("u", model.None, 4), ""},
		{"no answer", produce(0), nil, ""},
		{"read what is committed", fetch(-1), fetched(batch(2, 0, "ab")), ""},
		{"read what is not", fetch(-1), fetched(both), ReadUncommitted},
		{"read the beginning of what is not", fetch(-1), fetched(both[:len(both)-1]), ""},
		{"a follower must", fetch(2), fetched(both), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newScene(t, Options{})
			committed(s)
			s.write(0, 1)
			s.see(1, 4)
			s.Answered(1, row.req, row.resp)
			if row.want == "" {
				require.Empty(t, s.Problems())
			} else {
				require.Equal(t, []Class{row.want}, s.classes())
			}
		})
	}
}
