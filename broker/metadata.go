package broker

import (
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
)

// pollController carries out what the metadata quorum wants done, and applies
// what it has decided.
func (c *Core) pollController() bool {
	c.controller.Tick(c.now.Mono)
	busy := false
	for {
		out := c.controller.Poll()
		for _, m := range out.Messages {
			c.effect(SendRaft{To: m.To, Payload: m.Payload})
		}
		if out.Sync != nil {
			id := out.Sync.ID
			c.sync(out.Sync.Files, nil, func(err error) {
				c.fail(err)
				c.controller.Synced(id, err)
			})
		}
		if out.Err != nil {
			c.fail(out.Err)
			return false
		}
		c.noteRegistration()
		if c.lifecycle.registered() {
			for _, gone := range out.Deleted {
				c.drop(gone)
			}
			for _, tp := range out.Changed {
				c.applyPartition(tp)
			}
		}
		if !out.More {
			return busy
		}
		busy = true
	}
}

// applyAll takes up every partition that the image assigns to this broker. It
// runs once, when the broker sees its own registration: what came before is an
// older life's, and acting on it would lead in epochs long gone.
func (c *Core) applyAll() {
	image := c.Image()
	for _, name := range sortedKeys(image.Topics) {
		for number := range image.Topics[name].Partitions {
			c.applyPartition(model.TopicPartition{Topic: name, Partition: int32(number)})
		}
	}
}

// applyPartition brings a replica to the newest state of its partition.
func (c *Core) applyPartition(tp model.TopicPartition) {
	topic, state := c.Image().Lookup(tp)
	if state == nil || !contains(state.Replicas, c.cfg.NodeID) {
		return
	}
	held, err := c.hold(tp, topic.ID)
	if err != nil {
		c.fail(err)
		return
	}
	c.refreshConfig(held)
	c.fail(held.replica.Apply(c.now.Mono, partition.State{
		Replicas:       state.Replicas,
		ISR:            state.ISR,
		Leader:         state.Leader,
		LeaderEpoch:    state.LeaderEpoch,
		PartitionEpoch: state.PartitionEpoch,
		Recovering:     state.Recovering,
	}))
	c.touch(held)
	c.fetchers.stale = true
}
