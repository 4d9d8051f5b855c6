package trace

import (
	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/harness/cluster/sim"
)

// decided tells what is new in the metadata, when the first broker has it: as a
// rule the controller.
func (t *Trace) decided(at sim.At, image *controller.Image) {
	if image.Index <= t.index {
		return
	}
	t.index = image.Index
	for _, name := range image.TopicList() {
		t.topics[image.Topics[name].ID] = name
	}
	for _, id := range image.BrokerIDs() {
		b, before := image.Brokers[id], t.brokers[id]
		t.brokers[id] = b
		switch {
		case before == nil || b.Epoch != before.Epoch:
			t.add(at, NoPartition, id, "decided: node %d is registered, broker epoch %d", id, b.Epoch)
		case b.Fenced && !before.Fenced:
			t.add(at, NoPartition, id, "decided: node %d is fenced", id)
		case !b.Fenced && before.Fenced:
			t.add(at, NoPartition, id, "decided: node %d is unfenced", id)
		}
	}
	for tp, p := range image.Partitions() {
		before := t.partitions[tp]
		t.partitions[tp] = p
		switch {
		case before != nil && before.PartitionEpoch == p.PartitionEpoch: // read again after a restart
		case before == nil:
			t.add(at, tp.Partition, p.Leader, "decided: %s leader=%d epoch=%d/%d isr=%v replicas=%v",
				tp, p.Leader, p.LeaderEpoch, p.PartitionEpoch, p.ISR, p.Replicas)
		default:
			t.add(at, tp.Partition, p.Leader, "decided: %s leader=%d epoch=%d/%d isr=%v%s",
				tp, p.Leader, p.LeaderEpoch, p.PartitionEpoch, p.ISR, recovering(p))
		}
	}
}

// recovering marks an unclean election (KIP-704).
func recovering(p *controller.Partition) string {
	if p.Recovering {
		return " unclean"
	}
	return ""
}

func (t *Trace) topic(id model.TopicID) string {
	if name := t.topics[id]; name != "" {
		return name
	}
	return id.String()
}
