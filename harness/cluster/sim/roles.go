package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/nemesis"
)

// view is a client's view of one partition, except that it looks into the
// brokers where a client would ask them. Looking takes no time: a client waits
// for brokers that are cut off or paused, and while it does, a dense schedule
// falls behind its times, up to twenty times its length.
type view struct {
	client.View
	sim *Cluster
}

// View looks into the brokers for what a client's view would ask them.
func (c *Cluster) View(asking client.View) nemesis.View { return view{asking, c} }

// Roles tells who is what, as the running broker has it that has applied most of
// the metadata.
func (v view) Roles(context.Context) (nemesis.Roles, error) {
	var newest *node
	for _, n := range v.sim.nodes {
		if n.core != nil && !n.paused && (newest == nil || n.core.Image().Index > newest.core.Image().Index) {
			newest = n
		}
	}
	if newest == nil {
		return nemesis.Roles{}, errors.New("sim: roles: no broker is running")
	}
	name := model.TopicPartition{Topic: v.Topic, Partition: v.Partition}
	_, p := newest.core.Image().Lookup(name)
	if p == nil {
		return nemesis.Roles{}, fmt.Errorf("sim: roles: node %d does not know %s-%d", newest.id, v.Topic, v.Partition)
	}
	return nemesis.Roles{
		Leader: role(p.Leader), LeaderEpoch: int32(p.LeaderEpoch), ISR: roles(p.ISR), Replicas: roles(p.Replicas),
		Controller: role(newest.core.ControllerID()), Laggards: v.sim.laggards(name, p),
	}, nil
}

// laggards are the replicas that miss most: those outside the ISR before its members,
// and of equals those whose log ends first.
func (c *Cluster) laggards(name model.TopicPartition, p *controller.Partition) (last []int) {
	type place struct {
		inSync bool
		end    model.Offset
	}
	behind := func(a, b place) bool { return !a.inSync && b.inSync || a.inSync == b.inSync && a.end < b.end }
	var lowest place
	for _, id := range p.Replicas {
		n := c.node(id)
		if id == p.Leader || n.core == nil || n.paused {
			continue
		}
		n.core.EachReplica(func(_ model.TopicID, r *partition.Partition) {
			at := place{slices.Contains(p.ISR, id), r.Log().EndOffset()}
			switch {
			case r.Name() != name || len(last) > 0 && behind(lowest, at):
			case len(last) > 0 && at == lowest:
				last = append(last, int(id))
			default:
				last, lowest = []int{int(id)}, at
			}
		})
	}
	return last
}

// Lead asks as a client does, unless there is no controller that could decide.
func (v view) Lead(ctx context.Context, node int) error {
	roles, err := v.Roles(ctx)
	if err != nil {
		return err
	}
	if roles.Controller == 0 {
		return errors.New("sim: lead: no controller is known")
	}
	return v.Admin.Elect(ctx, v.Topic, client.PartitionState{Partition: v.Partition, Replicas: roles.Replicas}, node)
}

// role turns the broker's "none" into that of roles.
func role(id model.NodeID) int { return max(0, int(id)) }

// roles are sorted, as the roles that clients see.
func roles(ids []model.NodeID) []int {
	all := make([]int, len(ids))
	for i, id := range ids {
		all[i] = int(id)
	}
	slices.Sort(all)
	return all
}
