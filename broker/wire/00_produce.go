package wire

import (
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

// Produce, versions 3 to 11: from v3 on a partition carries exactly one batch
// of magic 2. Versions 0 to 2 are advertised but refused: librdkafka reads the
// lower end as "can compress" (KAFKA-18659). v12 and later belong to the second
// transaction protocol.
var _ = register(Handler{Key: kmsg.Produce, Min: 3, Max: 11, Serve: produce})

func produce(n Node, call *Call) {
	req := call.Request.(*kmsg.ProduceRequest)
	acks := Acks(req.Acks)
	writes := make([]Write, 0, len(req.Topics))
	for i := range req.Topics {
		topic := &req.Topics[i]
		for j := range topic.Partitions {
			p := &topic.Partitions[j]
			w := Write{Partition: model.TopicPartition{Topic: topic.Topic, Partition: p.Partition}}
			w.Batch, w.Code, w.Message = admitBatch(n, topic.Topic, p.Records)
			if acks != AcksAll && acks != AcksLeader && acks != AcksNone {
				w.Code = model.InvalidRequiredAcks
			}
			if req.TransactionID != nil {
				w.Code, w.Message = model.InvalidTxnState, "transactions are not supported"
			}
			writes = append(writes, w)
		}
	}
	timeout := time.Duration(req.TimeoutMillis) * time.Millisecond
	n.Produce(writes, acks, timeout, func(results []Written) {
		if acks == AcksNone {
			finishSilently(n, call, results)
			return
		}
		n.Reply(call, produceResponse(n, req, results))
	})
}

// admitBatch checks a producer's bytes before any partition sees them.
func admitBatch(n Node, topic string, records []byte) (storage.Batch, model.ErrorCode, string) {
	batch, err := storage.ValidateProduce(records, n.MaxMessageBytes(topic))
	if err == nil {
		return batch, model.None, ""
	}
	var bad *storage.BatchError
	if errors.As(err, &bad) {
		return nil, bad.Code, bad.Reason
	}
	return nil, model.CorruptMessage, err.Error()
}

// finishSilently ends an acks=0 request: nothing is written, and an error is
// told by closing the connection.
func finishSilently(n Node, call *Call, results []Written) {
	for _, r := range results {
		if r.Code != model.None {
			n.Drop(call)
			return
		}
	}
	n.Reply(call, nil)
}

func produceResponse(n Node, req *kmsg.ProduceRequest, results []Written) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.ProduceResponse)
	resp.Topics = make([]kmsg.ProduceResponseTopic, len(req.Topics))
	next := 0
	for i := range req.Topics {
		topic := &resp.Topics[i]
		topic.Topic = req.Topics[i].Topic
		topic.Partitions = make([]kmsg.ProduceResponseTopicPartition, len(req.Topics[i].Partitions))
		for j := range topic.Partitions {
			p, r := &topic.Partitions[j], results[next]
			next++
			p.Default()
			p.Partition = req.Topics[i].Partitions[j].Partition
			p.ErrorCode, p.BaseOffset, p.LogStartOffset = int16(r.Code), int64(r.Base), int64(r.LogStart)
			if r.Message != "" {
				p.ErrorMessage = &r.Message
			}
			if r.Code == model.NotLeaderOrFollower {
				leader, epoch := n.LeaderHint(model.TopicPartition{Topic: topic.Topic, Partition: p.Partition})
				p.CurrentLeader.LeaderID, p.CurrentLeader.LeaderEpoch = int32(leader), int32(epoch)
			}
		}
	}
	return resp
}
