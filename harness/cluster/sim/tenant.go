package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/workloads"
)

// tenant has a topic to itself. Produce and Fetch name it by its name, by which a
// broker that is behind with its metadata may still understand the topic before
// it; so a leader is believed only where it says itself that it leads the topic of
// this id. A broker does not unlearn that, be it restarted meanwhile: it takes up
// its replicas when it has registered anew, which is later in the metadata.
type tenant struct {
	dialer
	reach client.Reach
	at    place
	// sends and marks are the topic's producers.
	sends, marks *producer
}

var _ workloads.TenantDialer = dialer{}

// Tenant implements workloads.TenantDialer.
func (d dialer) Tenant(int) (workloads.Tenant, error) {
	return &tenant{dialer: d, reach: d.sim.reach()}, nil
}

// Create implements workloads.Tenant.
func (t *tenant) Create(ctx context.Context, topic workloads.NewTopic) *workloads.OpError {
	for {
		id, err := t.create(ctx, topic)
		switch {
		case err == nil:
			t.at = place{topic: topic.Name, id: id}
			t.sim.isrs.named(id, topic.Life)
			t.sends, t.marks = t.newProducer(), dialer{sim: t.sim, acks: acksOf["all"], idempotent: true}.newProducer()
			return nil
		case errors.Is(err, kerr.TopicAlreadyExists): // of an attempt whose answer was lost
			if old, known := t.idOf(ctx, topic.Name); known {
				_ = t.delete(ctx, old) // the next attempt tells
			}
		case refused(err):
			return client.SendError(err)
		}
		if !t.sim.Sleep(ctx, retryAfter) {
			return client.SendError(err)
		}
	}
}

// refused tells whether another attempt would be answered the same.
func refused(err error) bool {
	var answer *kerr.Error
	return errors.As(err, &answer) && !answer.Retriable
}

func (t *tenant) create(ctx context.Context, topic workloads.NewTopic) (id model.TopicID, err error) {
	ask := kmsg.NewCreateTopicsRequestTopic()
	ask.Topic, ask.NumPartitions, ask.ReplicationFactor = topic.Name, 1, topic.Factor
	if topic.Replicas != nil {
		byHand := kmsg.NewCreateTopicsRequestTopicReplicaAssignment()
		byHand.Replicas = topic.Replicas
		ask.NumPartitions, ask.ReplicationFactor, ask.ReplicaAssignment = -1, -1, append(ask.ReplicaAssignment, byHand)
	}
	for _, name := range slices.Sorted(maps.Keys(topic.Configs)) {
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		c.Name, c.Value = name, kmsg.StringPtr(topic.Configs[name])
		ask.Configs = append(ask.Configs, c)
	}
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics = append(req.Topics, ask)
	resp, err := req.RequestWith(ctx, t.reach.Any)
	switch {
	case err != nil:
		return id, err
	case len(resp.Topics) != 1:
		return id, fmt.Errorf("the answer has %d topics", len(resp.Topics))
	}
	return resp.Topics[0].TopicID, kerr.ErrorForCode(resp.Topics[0].ErrorCode)
}

// idOf is what some broker takes for the topic of that name.
func (t *tenant) idOf(ctx context.Context, name string) (id model.TopicID, known bool) {
	resp, err := metadata(name).RequestWith(ctx, t.reach.Any)
	if err != nil || len(resp.Topics) != 1 {
		return id, false
	}
	return resp.Topics[0].TopicID, resp.Topics[0].ErrorCode == 0
}

// Send implements workloads.Tenant.
func (t *tenant) Send(ctx context.Context, value int64) (int64, *workloads.OpError) {
	return t.sends.send(ctx, t.at, value)
}

// Mark implements workloads.Tenant.
func (t *tenant) Mark(ctx context.Context, value int64) (int64, *workloads.OpError) {
	return t.marks.send(ctx, t.at, value)
}

// Leader implements workloads.Tenant.
func (t *tenant) Leader(ctx context.Context) (int, *workloads.OpError) {
	for next := 0; ; next++ {
		node := model.NodeID(next%len(t.reach.Brokers) + 1)
		resp, err := metadata(t.at.topic).RequestWith(ctx, t.reach.Brokers[node-1])
		if err == nil {
			err = kerr.LeaderNotAvailable
			if leader, _ := leaderIn(resp, t.at); leader == node {
				return int(node), nil
			}
		}
		if !t.sim.Sleep(ctx, retryAfter) {
			return 0, client.ReadError(err)
		}
	}
}

// Read implements workloads.Tenant.
func (t *tenant) Read(ctx context.Context, node int, offset int64) ([]history.Record, int64, *workloads.OpError) {
	page, err := client.FetchPage(ctx, t.reach.Brokers[node-1], t.at.topic, 0, offset, consumerPage)
	if err != nil {
		return nil, 0, client.ReadError(err)
	}
	return page.Records, page.High, nil
}

// Settled implements workloads.Tenant.
func (t *tenant) Settled() bool { return t.sends.strays()+t.marks.strays() == 0 }

// Delete implements workloads.Tenant. Nothing is tried on with what was sent.
func (t *tenant) Delete(ctx context.Context) *workloads.OpError {
	t.Close()
	for {
		err := t.delete(ctx, t.at.id)
		if err == nil || errors.Is(err, kerr.UnknownTopicID) {
			return nil
		}
		if !t.sim.Sleep(ctx, retryAfter) {
			return client.SendError(err)
		}
	}
}

// delete goes by the id: should it come late, it finds no topic of that id, and
// leaves the next one of that name alone.
func (t *tenant) delete(ctx context.Context, id model.TopicID) error {
	ask := kmsg.NewDeleteTopicsRequestTopic()
	ask.TopicID = id
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.Topics, req.TimeoutMillis = append(req.Topics, ask), int32(requestTimeout/time.Millisecond)
	resp, err := req.RequestWith(ctx, t.reach.Any)
	switch {
	case err != nil:
		return err
	case len(resp.Topics) != 1:
		return fmt.Errorf("the answer has %d topics", len(resp.Topics))
	}
	return kerr.ErrorForCode(resp.Topics[0].ErrorCode)
}

// Close implements workloads.Tenant.
func (t *tenant) Close() {
	if t.sends != nil {
		t.sends.Close()
		t.marks.Close()
	}
}
