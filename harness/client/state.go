package client

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/nemesis"
)

// viewTimeout bounds how long one broker's view of the cluster is waited for.
// A broker that is cut off or paused holds nobody up for longer.
const viewTimeout = 500 * time.Millisecond

// PartitionState is a partition as metadata shows it. Nodes are sorted.
type PartitionState struct {
	Partition   int32
	Leader      int // 0 if none
	LeaderEpoch int32
	Replicas    []int
	ISR         []int
}

// view is what one broker says.
type view struct {
	controller int
	partitions map[int32]PartitionState
	err        error
}

// views asks every broker for its own view. Brokers may disagree while a fault
// is in force.
func (a *Admin) views(ctx context.Context, topic string) []view {
	all := make([]view, len(a.reach.Brokers))
	ask := make([]func(), len(all))
	for i, b := range a.reach.Brokers {
		ask[i] = func() { all[i] = a.view(ctx, b, topic) }
	}
	a.reach.Time.Together(ask...)
	return all
}

func (a *Admin) view(ctx context.Context, broker kmsg.Requestor, topic string) view {
	ctx, cancel := a.reach.Time.WithTimeout(ctx, viewTimeout)
	defer cancel()
	rt := kmsg.NewMetadataRequestTopic()
	rt.Topic = &topic
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(ctx, broker)
	if err != nil {
		return view{err: err}
	}
	v := view{controller: nodeOf(resp.ControllerID), partitions: map[int32]PartitionState{}}
	for _, t := range resp.Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			return view{err: fmt.Errorf("topic %s: %w", topic, err)}
		}
		for _, p := range t.Partitions {
			v.partitions[p.Partition] = PartitionState{
				Partition: p.Partition, Leader: nodeOf(p.Leader), LeaderEpoch: p.LeaderEpoch,
				Replicas: nodesOf(p.Replicas), ISR: nodesOf(p.ISR),
			}
		}
	}
	return v
}

// nodeOf turns the protocol's "none" into that of roles.
func nodeOf(id int32) int { return max(0, int(id)) }

func nodesOf(ids []int32) []int {
	nodes := make([]int, len(ids))
	for i, id := range ids {
		nodes[i] = int(id)
	}
	slices.Sort(nodes)
	return nodes
}

// newest picks, of several views of a partition, that of the highest leader
// epoch, and among equals the one that most brokers share: within an epoch the
// ISR changes without a number that metadata would show.
func newest(views []view, partition int32) (best PartitionState, controller int, found bool) {
	most := 0
	for _, v := range views {
		p, ok := v.partitions[partition]
		if !ok {
			continue
		}
		same := votes(views, p)
		if !found || p.LeaderEpoch > best.LeaderEpoch || p.LeaderEpoch == best.LeaderEpoch && same > most {
			best, controller, most, found = p, v.controller, same, true
		}
	}
	return best, controller, found
}

// votes counts the views that show a partition like this.
func votes(views []view, p PartitionState) (same int) {
	for _, v := range views {
		if q, ok := v.partitions[p.Partition]; ok && p.like(q) {
			same++
		}
	}
	return same
}

func (p PartitionState) like(q PartitionState) bool {
	return q.LeaderEpoch == p.LeaderEpoch && q.Leader == p.Leader && slices.Equal(q.ISR, p.ISR)
}

// Agreed are the partitions of a topic of which a majority of all brokers says the same.
// One broker alone may be far behind, such as one that was just started and goes
// through what has happened before.
func (a *Admin) Agreed(ctx context.Context, t Topic) []PartitionState {
	return agreed(a.views(ctx, t.Name), t.Partitions)
}

func agreed(views []view, partitions int32) (states []PartitionState) {
	for partition := range partitions {
		for _, v := range views {
			if p, ok := v.partitions[partition]; ok && len(p.ISR) > 0 && 2*votes(views, p) > len(views) {
				states = append(states, p)
				break
			}
		}
	}
	return states
}

func (a *Admin) partition(ctx context.Context, topic string, partition int32) (PartitionState, error) {
	views := a.views(ctx, topic)
	p, _, found := newest(views, partition)
	if !found {
		return p, fmt.Errorf("no broker knows %s-%d: %w", topic, partition, firstError(views))
	}
	return p, nil
}

func firstError(views []view) error {
	for _, v := range views {
		if v.err != nil {
			return v.err
		}
	}
	return fmt.Errorf("%d brokers answered", len(views))
}

// AwaitWhole waits until every broker says that every partition of the topic
// has a leader and all of its replicas in the ISR.
func (a *Admin) AwaitWhole(ctx context.Context, t Topic) error {
	return a.await(ctx, "wait for the full ISR of "+t.Name, func(ctx context.Context) error {
		// One after the other: mostly the first already says that it is too early.
		for i, b := range a.reach.Brokers {
			v := a.view(ctx, b, t.Name)
			if v.err != nil {
				return fmt.Errorf("node %d: %w", i+1, v.err)
			}
			for p := range t.Partitions {
				s, ok := v.partitions[p]
				switch {
				case !ok:
					return fmt.Errorf("node %d does not know partition %d", i+1, p)
				case s.Leader == 0:
					return fmt.Errorf("node %d: partition %d has no leader", i+1, p)
				case len(s.ISR) != int(t.ReplicationFactor):
					return fmt.Errorf("node %d: partition %d has ISR %v of replicas %v", i+1, p, s.ISR, s.Replicas)
				}
			}
		}
		return nil
	})
}

// View is an Admin's view of the roles in one partition, and its hand on them.
type View struct {
	Admin     *Admin
	Topic     string
	Partition int32
}

var _ nemesis.View = View{}

// Roles tells who is what, as the newest metadata of any broker shows it.
func (v View) Roles(ctx context.Context) (nemesis.Roles, error) {
	p, controller, found := newest(v.Admin.views(ctx, v.Topic), v.Partition)
	if !found {
		return nemesis.Roles{}, fmt.Errorf("client: roles of %s-%d: no broker answered", v.Topic, v.Partition)
	}
	return nemesis.Roles{
		Leader: p.Leader, LeaderEpoch: p.LeaderEpoch, ISR: p.ISR, Replicas: p.Replicas, Controller: controller,
	}, nil
}

// Lead asks the cluster once to let node lead: its replicas are reordered so that
// node is the preferred one, and the preferred one is elected.
func (v View) Lead(ctx context.Context, node int) error {
	p, err := v.Admin.partition(ctx, v.Topic, v.Partition)
	if err == nil {
		err = v.Admin.Elect(ctx, v.Topic, p, node)
	}
	if err != nil {
		return fmt.Errorf("client: make node %d lead %s-%d: %w", node, v.Topic, v.Partition, err)
	}
	return nil
}
