package client

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/workloads"
)

// maxBuffered is far above what the lanes of a workload can have open.
const maxBuffered = 1 << 16

// Producer connects a producer with the configuration's acks and idempotence.
func (d *Dialer) Producer(worker int) (workloads.Producer, error) {
	acks, err := acksOf(d.settings.Acks)
	if err != nil {
		return nil, err
	}
	opts := append(d.settings.common(fmt.Sprintf("producer-%d", worker)),
		kgo.RequiredAcks(acks),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(0),
		kgo.ProduceRequestTimeout(produceTimeout),
		kgo.RecordDeliveryTimeout(deliveryTimeout),
		kgo.MaxBufferedRecords(maxBuffered),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	)
	if !d.settings.Idempotent {
		opts = append(opts, kgo.DisableIdempotentWrite())
	}
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("client: producer: %w", err)
	}
	return &producer{client: cl, offsets: d.settings.Acks != "0"}, nil
}

type producer struct {
	client  *kgo.Client
	offsets bool // the broker tells offsets: not so with acks=0
}

// Send waits for the outcome until ctx is done. The record is not withdrawn
// then: franz-go goes on trying, as it must to keep the sequence numbers of an
// idempotent producer without gaps, so giving up is history.Info.
func (p *producer) Send(ctx context.Context, topic string, partition int32, value int64) (int64, *workloads.OpError) {
	type outcome struct {
		offset int64
		err    error
	}
	done := make(chan outcome, 1)
	record := &kgo.Record{Topic: topic, Partition: partition, Value: EncodeValue(value)}
	p.client.Produce(context.WithoutCancel(ctx), record, func(r *kgo.Record, err error) {
		done <- outcome{r.Offset, err}
	})
	select {
	case o := <-done:
		switch {
		case o.err != nil:
			return 0, sendError(o.err, maybeRetried)
		case !p.offsets:
			return workloads.NoOffset, nil
		case o.offset < 0:
			// The broker took it for a duplicate too old to know its offset of.
			return 0, &workloads.OpError{Class: history.Info, Name: nameNoOffset}
		}
		return o.offset, nil
	case <-ctx.Done():
		return 0, sendError(ctx.Err(), maybeRetried)
	}
}

func (p *producer) Close() { p.client.Close() }
