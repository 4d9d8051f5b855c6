package controller

import (
	"slices"

	"github.com/ackproof/ackproof/broker/model"
)

// balance asks, from time to time, that preferred replicas which could lead do.
// Each wish is judged again when it is applied.
func (c *Controller) balance() {
	if c.cfg.RebalanceInterval == 0 || c.now < c.nextBalance {
		return
	}
	c.nextBalance = c.now + c.cfg.RebalanceInterval
	for _, tp := range c.image.imbalanced() {
		c.Propose(c.now, Command{ElectLeader: &ElectLeader{Topic: tp.Topic, Partition: tp.Partition}}, func(Result) {})
	}
}

// imbalanced lists the partitions whose preferred replica could lead but does
// not.
func (i *Image) imbalanced() []model.TopicPartition {
	var found []model.TopicPartition
	for tp, p := range i.Partitions() {
		preferred := p.Replicas[0]
		if p.Leader != preferred && slices.Contains(p.ISR, preferred) && i.Brokers[preferred].Eligible() {
			found = append(found, tp)
		}
	}
	return found
}
