package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ackproof/ackproof/harness/cluster/local"
)

// Options says what to measure.
type Options struct {
	// Binary is the path of ackbroker, Dir a folder for logs and data.
	Binary, Dir string
	// Flush is the brokers' flush.policy.
	Flush string
	// Loads are measured in turn, Rounds times over; each counts with its
	// median round.
	Loads  []Load
	Rounds int
	// Told, if set, hears of each measurement as it is done; rounds count from 1.
	Told func(round int, f Figures)
}

// Loads are the sizes and depths that brokers are usually compared at.
func Loads(each time.Duration) []Load {
	var loads []Load
	for _, size := range []int{1024, 100} {
		for _, outstanding := range []int{1, 256, 4096} {
			loads = append(loads, Load{RecordBytes: size, Outstanding: outstanding, Time: each})
		}
	}
	return loads
}

// Broker measures three broker processes on loopback, without links between:
// one partition of three replicas, acks=all, min.insync.replicas=2.
func Broker(ctx context.Context, o Options) (medians []Figures, err error) {
	c, err := local.New(local.Options{Dir: o.Dir, Nodes: 3, Binary: o.Binary, Direct: true,
		Properties: map[string]string{"min.insync.replicas": "2", "flush.policy": o.Flush,
			// The default sessions: a busy machine is not a dead broker.
			"broker.session.timeout.ms": "9000", "replica.lag.time.max.ms": "30000"}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	if err := c.Start(ctx); err != nil {
		return nil, err
	}
	rounds := make([][]Figures, len(o.Loads))
	for round := 1; round <= o.Rounds; round++ {
		for i, load := range o.Loads {
			topic := fmt.Sprintf("bench-%d-%d-%d", round, load.RecordBytes, load.Outstanding)
			if err := createTopic(ctx, c.Bootstrap(), topic); err != nil {
				return nil, err
			}
			f, err := Produce(ctx, c.Bootstrap(), topic, load)
			if err != nil {
				return nil, err
			}
			rounds[i] = append(rounds[i], f)
			if o.Told != nil {
				o.Told(round, f)
			}
		}
	}
	if lost := c.Unexpected(); len(lost) > 0 {
		return nil, fmt.Errorf("a broker ended during the measurement: %s", lost[0])
	}
	medians = make([]Figures, len(rounds))
	for i, figures := range rounds {
		medians[i] = median(figures)
	}
	return medians, nil
}

// median is the round in the middle by throughput.
func median(rounds []Figures) Figures {
	slices.SortFunc(rounds, func(a, b Figures) int { return int(a.Acked - b.Acked) })
	return rounds[len(rounds)/2]
}

// createTopic makes a topic and waits until a write to it is acked, so that its
// followers fetch.
func createTopic(ctx context.Context, bootstrap []string, topic string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap...), kgo.DefaultProduceTopic(topic))
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(ctx, 1, 3, nil, topic); err != nil {
		return fmt.Errorf("create topic %s: %w", topic, err)
	}
	return client.ProduceSync(ctx, kgo.StringRecord("first")).FirstErr()
}
