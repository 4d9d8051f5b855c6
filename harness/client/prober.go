package client

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/workloads"
)

// latest and earliest are the timestamps by which ListOffsets asks for the end and
// for the start.
const latest, earliest int64 = -1, -2

// probePage is how much a probe reads at most, in bytes.
const probePage = 1 << 20

// Prober connects a prober.
func (d *Dialer) Prober(worker int) (workloads.Prober, error) {
	r, err := d.settings.reach(fmt.Sprintf("prober-%d", worker))
	if err != nil {
		return nil, err
	}
	return ProberOver(r, worker), nil
}

// ProberOver is a prober that reaches the brokers as told, from the worker-th on.
func ProberOver(r Reach, worker int) workloads.Prober { return &prober{reach: r, next: worker} }

type prober struct {
	reach Reach
	next  int
}

// turn returns the broker whose turn it is.
func (p *prober) turn() kmsg.Requestor {
	b := p.reach.Brokers[p.next%len(p.reach.Brokers)]
	p.next++
	return b
}

func (p *prober) EndOffset(ctx context.Context, topic string, partition int32) (int64, int32, *workloads.OpError) {
	answer, err := listOffset(ctx, p.turn(), topic, partition, latest)
	if err != nil {
		return 0, 0, ReadError(err)
	}
	return answer.Offset, answer.LeaderEpoch, nil
}

func (p *prober) Read(ctx context.Context, topic string, partition int32, offset int64) ([]history.Record, *workloads.OpError) {
	page, err := FetchPage(ctx, p.turn(), topic, partition, offset, probePage)
	if err != nil {
		return nil, ReadError(err)
	}
	return page.Records, nil
}

func (p *prober) Close() { p.reach.Close() }

// listOffset asks one broker for an offset of a partition as consumers see it.
func listOffset(ctx context.Context, broker kmsg.Requestor, topic string, partition int32, timestamp int64) (kmsg.ListOffsetsResponseTopicPartition, error) {
	ask := kmsg.NewListOffsetsRequestTopicPartition()
	ask.Partition, ask.Timestamp, ask.CurrentLeaderEpoch = partition, timestamp, -1
	rt := kmsg.NewListOffsetsRequestTopic()
	rt.Topic, rt.Partitions = topic, append(rt.Partitions, ask)
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID, req.Topics = -1, append(req.Topics, rt)

	var none kmsg.ListOffsetsResponseTopicPartition
	resp, err := req.RequestWith(ctx, broker)
	if err != nil {
		return none, fmt.Errorf("list offsets: %w", err)
	}
	for _, t := range resp.Topics {
		for _, answer := range t.Partitions {
			if t.Topic == topic && answer.Partition == partition {
				return answer, kerr.ErrorForCode(answer.ErrorCode)
			}
		}
	}
	return none, fmt.Errorf("list offsets: the answer lacks %s-%d", topic, partition)
}

// Page is one answer to a fetch.
type Page struct {
	Records []history.Record
	High    int64 // the high watermark
}

// FetchPage reads from offset on, of one broker: about maxBytes at most.
func FetchPage(ctx context.Context, broker kmsg.Requestor, topic string, partition int32, offset int64, maxBytes int32) (Page, error) {
	ask := kmsg.NewFetchRequestTopicPartition()
	ask.Partition, ask.FetchOffset, ask.PartitionMaxBytes = partition, offset, maxBytes
	ask.CurrentLeaderEpoch = -1
	rt := kmsg.NewFetchRequestTopic()
	rt.Topic, rt.Partitions = topic, append(rt.Partitions, ask)
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = int32(fetchWait.Milliseconds()), 1, maxBytes
	req.SessionEpoch = -1 // no fetch session (KIP-227)
	req.Topics = append(req.Topics, rt)

	resp, err := req.RequestWith(ctx, broker)
	if err != nil {
		return Page{}, fmt.Errorf("fetch: %w", err)
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return Page{}, fmt.Errorf("fetch: %w", err)
	}
	for i := range resp.Topics {
		for j := range resp.Topics[i].Partitions {
			if got := &resp.Topics[i].Partitions[j]; resp.Topics[i].Topic == topic && got.Partition == partition {
				return decodePage(topic, offset, got)
			}
		}
	}
	return Page{}, fmt.Errorf("fetch: the answer lacks %s-%d", topic, partition)
}

func decodePage(topic string, offset int64, got *kmsg.FetchResponseTopicPartition) (Page, error) {
	decoded, _ := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		Topic: topic, Partition: got.Partition, Offset: offset,
	}, got, kgo.DefaultDecompressor(), nil)
	if decoded.Err != nil {
		return Page{}, fmt.Errorf("fetch: %w", decoded.Err)
	}
	p := Page{High: decoded.HighWatermark}
	for _, r := range decoded.Records {
		p.Records = append(p.Records, history.Record{Offset: r.Offset, Value: DecodeValue(r.Value)})
	}
	return p, nil
}
