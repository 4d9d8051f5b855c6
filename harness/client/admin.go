package client

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/harness/timeline"
)

// adminEvery is how often a condition that is waited for is looked at.
const adminEvery = 25 * time.Millisecond

// adminTimeout bounds one admin request on the broker's side.
const adminTimeout = 5 * time.Second

// topicLimit bounds the making of a topic.
const topicLimit = 30 * time.Second

// Topic is what a run creates.
type Topic struct {
	Name              string
	Partitions        int32
	ReplicationFactor int16
	// Configs are topic properties, by Kafka's names.
	Configs map[string]string
}

// Admin makes a run's admin calls. It is safe for concurrent use.
type Admin struct{ reach Reach }

// NewAdmin connects an admin with a client of franz-go.
func NewAdmin(s Settings) (*Admin, error) {
	r, err := s.reach("admin")
	if err != nil {
		return nil, err
	}
	return AdminOver(r), nil
}

// AdminOver is an admin that reaches the cluster as told.
func AdminOver(r Reach) *Admin { return &Admin{reach: r} }

// Close ends the connections.
func (a *Admin) Close() { a.reach.Close() }

// CreateTopic creates t. It tries until ctx is done, as a young cluster may
// have no controller yet; a topic that exists by then was made by a try of ours.
func (a *Admin) CreateTopic(ctx context.Context, t Topic) error {
	ask := kmsg.NewCreateTopicsRequestTopic()
	ask.Topic, ask.NumPartitions, ask.ReplicationFactor = t.Name, t.Partitions, t.ReplicationFactor
	for _, name := range slices.Sorted(maps.Keys(t.Configs)) {
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		c.Name, c.Value = name, kmsg.StringPtr(t.Configs[name])
		ask.Configs = append(ask.Configs, c)
	}
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis = int32(adminTimeout.Milliseconds())
	req.Topics = append(req.Topics, ask)
	return a.await(ctx, "create topic "+t.Name, func(ctx context.Context) error {
		resp, err := req.RequestWith(ctx, a.reach.Any)
		if err != nil {
			return err
		}
		if len(resp.Topics) != 1 {
			return fmt.Errorf("the answer has %d topics", len(resp.Topics))
		}
		if resp.Topics[0].ErrorCode == kerr.TopicAlreadyExists.Code {
			return nil
		}
		return answerError(resp.Topics[0].ErrorCode, resp.Topics[0].ErrorMessage)
	})
}

// MakeTopic creates t and waits until each of its replicas is in sync, for a
// limited time.
func (a *Admin) MakeTopic(ctx context.Context, t Topic) error {
	ctx, cancel := a.reach.Time.WithTimeout(ctx, topicLimit)
	defer cancel()
	if err := a.CreateTopic(ctx, t); err != nil {
		return err
	}
	return a.AwaitWhole(ctx, t)
}

// Lead makes node the leader of a partition: its replicas are reordered so
// that node is the preferred one, and the preferred one is elected. It returns
// when every broker that answers sees that node leads.
func (a *Admin) Lead(ctx context.Context, topic string, partition int32, node int) error {
	what := fmt.Sprintf("make node %d lead %s-%d", node, topic, partition)
	return a.await(ctx, what, func(ctx context.Context) error {
		p, err := a.partition(ctx, topic, partition)
		if err != nil {
			return err
		}
		if p.Leader == node {
			return nil
		}
		if err := a.Elect(ctx, topic, p, node); err != nil {
			return err
		}
		return fmt.Errorf("node %d leads still", p.Leader)
	})
}

// Elect asks once for node to lead, and does not wait until it does.
func (a *Admin) Elect(ctx context.Context, topic string, p PartitionState, node int) error {
	if err := a.reorder(ctx, topic, p, node); err != nil {
		return fmt.Errorf("reorder replicas: %w", err)
	}
	if err := a.electPreferred(ctx, topic, p.Partition); err != nil {
		return fmt.Errorf("elect: %w", err)
	}
	return nil
}

func (a *Admin) reorder(ctx context.Context, topic string, p PartitionState, first int) error {
	order := []int32{int32(first)}
	for _, r := range p.Replicas {
		if r != first {
			order = append(order, int32(r))
		}
	}
	if len(order) != len(p.Replicas) {
		return fmt.Errorf("node %d is no replica of %s-%d: its replicas are %v", first, topic, p.Partition, p.Replicas)
	}
	part := kmsg.NewAlterPartitionAssignmentsRequestTopicPartition()
	part.Partition, part.Replicas = p.Partition, order
	rt := kmsg.NewAlterPartitionAssignmentsRequestTopic()
	rt.Topic, rt.Partitions = topic, append(rt.Partitions, part)
	req := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	req.TimeoutMillis = int32(adminTimeout.Milliseconds())
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(ctx, a.reach.Any)
	if err != nil {
		return err
	}
	if err := answerError(resp.ErrorCode, resp.ErrorMessage); err != nil {
		return err
	}
	for _, t := range resp.Topics {
		for _, got := range t.Partitions {
			if err := answerError(got.ErrorCode, got.ErrorMessage); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Admin) electPreferred(ctx context.Context, topic string, partition int32) error {
	rt := kmsg.NewElectLeadersRequestTopic()
	rt.Topic, rt.Partitions = topic, []int32{partition}
	req := kmsg.NewPtrElectLeadersRequest()
	req.ElectionType = 0 // preferred
	req.TimeoutMillis = int32(adminTimeout.Milliseconds())
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(ctx, a.reach.Any)
	if err != nil {
		return err
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return err
	}
	for _, t := range resp.Topics {
		for _, got := range t.Partitions {
			if got.ErrorCode == kerr.ElectionNotNeeded.Code {
				continue
			}
			if err := answerError(got.ErrorCode, got.ErrorMessage); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Admin) await(ctx context.Context, what string, look func(context.Context) error) error {
	return await(ctx, a.reach.Time, what, look)
}

// await calls look until it returns nil or ctx is done; then the error tells
// what look said last.
func await(ctx context.Context, t timeline.Timeline, what string, look func(context.Context) error) error {
	var last error
	for {
		err := look(ctx)
		if err == nil {
			return nil
		}
		// The try that the deadline cut short says less than the one before.
		if last == nil || ctx.Err() == nil {
			last = err
		}
		if !t.Sleep(ctx, adminEvery) {
			return fmt.Errorf("client: %s: gave up: %w", what, last)
		}
	}
}

// answerError is the error of an answer's code and message; nil if it has none.
func answerError(code int16, message *string) error {
	err := kerr.ErrorForCode(code)
	if err != nil && message != nil && *message != "" {
		return fmt.Errorf("%w (%s)", err, *message)
	}
	return err
}
