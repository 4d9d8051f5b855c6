package wire

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
)

// Fetch, versions 4 to 12 for clients and to 17 between brokers: v13 names
// topics by id, v15 carries the replica's broker epoch (KIP-903). Sessions are
// not kept: session id 0 in the answer tells the client so (KIP-227).
var _ = register(Handler{Key: kmsg.Fetch, Min: 4, Max: 12, InsideMax: 17, Serve: fetch})

func fetch(n Node, call *Call) {
	req := call.Request.(*kmsg.FetchRequest)
	replica, brokerEpoch := fetchingReplica(n, call, req)
	var reads []Read
	for i := range req.Topics {
		topic := &req.Topics[i]
		name, code := topic.Topic, model.None
		if req.Version >= 13 {
			var known bool
			if name, known = n.Image().TopicNames[topic.TopicID]; !known {
				code = model.UnknownTopicID
			}
		}
		for j := range topic.Partitions {
			p := &topic.Partitions[j]
			reads = append(reads, Read{
				Partition: model.TopicPartition{Topic: name, Partition: p.Partition},
				Code:      code,
				Fetch: partition.Fetch{
					Replica:          replica,
					BrokerEpoch:      brokerEpoch,
					Offset:           model.Offset(p.FetchOffset),
					CurrentEpoch:     model.Epoch(p.CurrentLeaderEpoch),
					LastFetchedEpoch: model.Epoch(p.LastFetchedEpoch),
					MaxBytes:         int(p.PartitionMaxBytes),
				},
			})
		}
	}
	wait := Wait{
		MinBytes: int(req.MinBytes),
		MaxBytes: int(req.MaxBytes),
		MaxWait:  time.Duration(req.MaxWaitMillis) * time.Millisecond,
	}
	n.Fetch(reads, wait, func(results []partition.Fetched) { n.Reply(call, fetchResponse(n, req, results)) })
}

// fetchingReplica tells who fetches. Only the inter-broker listener is believed
// when it says that it is a replica.
func fetchingReplica(n Node, call *Call, req *kmsg.FetchRequest) (model.NodeID, model.BrokerEpoch) {
	if call.Listener != n.InterBrokerListener() {
		return model.NoNode, model.NoBrokerEpoch
	}
	if req.Version >= 15 {
		return model.NodeID(req.ReplicaState.ID), model.BrokerEpoch(req.ReplicaState.Epoch)
	}
	return model.NodeID(req.ReplicaID), model.NoBrokerEpoch
}

func fetchResponse(n Node, req *kmsg.FetchRequest, results []partition.Fetched) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.FetchResponse)
	resp.Topics = make([]kmsg.FetchResponseTopic, len(req.Topics))
	next := 0
	for i := range req.Topics {
		topic := &resp.Topics[i]
		topic.Topic, topic.TopicID = req.Topics[i].Topic, req.Topics[i].TopicID
		topic.Partitions = make([]kmsg.FetchResponseTopicPartition, len(req.Topics[i].Partitions))
		for j := range topic.Partitions {
			p, r := &topic.Partitions[j], results[next]
			next++
			p.Default()
			p.Partition = req.Topics[i].Partitions[j].Partition
			p.ErrorCode = int16(r.Code)
			// Without transactions the last stable offset is the high watermark.
			p.HighWatermark, p.LastStableOffset, p.LogStartOffset = int64(r.HW), int64(r.HW), int64(r.LogStart)
			// Clients such as librdkafka refuse a null here: no records are no bytes.
			if p.RecordBatches = r.Records; p.RecordBatches == nil {
				p.RecordBatches = []byte{}
			}
			if r.Diverging != nil {
				p.DivergingEpoch.Epoch, p.DivergingEpoch.EndOffset = int32(r.Diverging.Epoch), int64(r.Diverging.End)
			}
			switch r.Code {
			case model.NotLeaderOrFollower, model.FencedLeaderEpoch:
				leader, epoch := n.LeaderHint(model.TopicPartition{Topic: topic.Topic, Partition: p.Partition})
				p.CurrentLeader.LeaderID, p.CurrentLeader.LeaderEpoch = int32(leader), int32(epoch)
			}
		}
	}
	return resp
}
