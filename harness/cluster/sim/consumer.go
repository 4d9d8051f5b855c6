package sim

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/workloads"
)

const (
	// consumerPage is how much one poll reads, in bytes.
	consumerPage = 64 << 10
	// retryAfter is a client's pause before it asks again, that of Kafka's clients.
	retryAfter = 100 * time.Millisecond
)

// consumer reads a partition from whoever leads it.
type consumer struct {
	sim     *Cluster
	remotes []*remote
	next    int // whom to ask for metadata

	at       place
	position int64
	leader   model.NodeID // NoNode if it is not known
}

// Assign implements workloads.Consumer.
func (c *consumer) Assign(_ context.Context, topic string, partition int32, offset int64) *workloads.OpError {
	c.at, c.position, c.leader = place{topic: topic, partition: partition}, offset, model.NoNode
	return nil
}

// Poll implements workloads.Consumer. It returns what one fetch brings, nothing
// too; while nobody leads it asks again until ctx is done.
func (c *consumer) Poll(ctx context.Context) ([]history.Record, *workloads.OpError) {
	for {
		page, err := c.fetch(ctx)
		switch {
		case err == nil:
			if n := len(page.Records); n > 0 {
				c.position = page.Records[n-1].Offset + 1
			}
			return page.Records, nil
		case errors.Is(err, kerr.OffsetOutOfRange):
			return nil, client.ReadError(err)
		}
		c.leader = model.NoNode
		if !c.sim.Sleep(ctx, retryAfter) {
			return nil, client.ReadError(err)
		}
	}
}

func (c *consumer) fetch(ctx context.Context) (client.Page, error) {
	if c.leader == model.NoNode {
		ask := c.remotes[c.next%len(c.remotes)]
		c.next++
		resp, err := ask.Request(ctx, metadata(c.at.topic))
		if err != nil {
			return client.Page{}, err
		}
		if c.leader, _ = leaderIn(resp, c.at); c.leader == model.NoNode {
			return client.Page{}, kerr.LeaderNotAvailable
		}
	}
	return client.FetchPage(ctx, c.remotes[c.leader-1], c.at.topic, c.at.partition, c.position, consumerPage)
}

// Close implements workloads.Consumer.
func (c *consumer) Close() {}
