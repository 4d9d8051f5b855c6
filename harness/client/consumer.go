package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/workloads"
)

// Consumer returns a consumer that is assigned to nothing yet.
func (d *Dialer) Consumer(worker int) (workloads.Consumer, error) {
	return &consumer{settings: d.settings, role: fmt.Sprintf("consumer-%d", worker)}, nil
}

// consumer is a franz-go consumer with one assigned partition. Each assignment
// is a client of its own, as after a restart of an application: no state of
// the old position can leak into the new one.
type consumer struct {
	settings Settings
	role     string
	client   *kgo.Client
}

func (c *consumer) Assign(_ context.Context, topic string, partition int32, offset int64) *workloads.OpError {
	c.Close()
	cl, err := kgo.NewClient(append(c.settings.common(c.role),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{
			topic: {partition: kgo.NewOffset().At(offset)},
		}),
		// A position that is gone is an answer to record, not to repair.
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		// Fetch only inside a poll, so that a read lies within its operation.
		kgo.MaxConcurrentFetches(0),
		kgo.FetchMaxWait(fetchWait),
	)...)
	if err != nil {
		return ReadError(fmt.Errorf("client: consumer: %w", err))
	}
	c.client = cl
	return nil
}

func (c *consumer) Poll(ctx context.Context) ([]history.Record, *workloads.OpError) {
	if c.client == nil {
		return nil, ReadError(errors.New("client: consumer is not assigned"))
	}
	fetches := c.client.PollFetches(ctx)
	var records []history.Record
	fetches.EachRecord(func(r *kgo.Record) {
		records = append(records, history.Record{Offset: r.Offset, Value: DecodeValue(r.Value)})
	})
	for _, e := range fetches.Errors() {
		if len(records) > 0 && errors.Is(e.Err, context.DeadlineExceeded) {
			continue // the poll ended while it had something to tell
		}
		return records, ReadError(e.Err)
	}
	return records, nil
}

func (c *consumer) Close() {
	if c.client != nil {
		c.client.Close()
		c.client = nil
	}
}
