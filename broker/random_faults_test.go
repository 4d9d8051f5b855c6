package broker

import (
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// hurt does one thing to the cluster, or nothing.
func (o ordeal) hurt(w *world, draw *rand.Rand) {
	id, other := w.order[draw.IntN(len(w.order))], w.order[draw.IntN(len(w.order))]
	switch draw.IntN(13) {
	case 0:
		w.kill(id)
	case 1:
		if o.powerLoss {
			w.crash(id)
		}
	case 2:
		if o.powerLoss && draw.IntN(4) == 0 {
			for _, id := range w.order {
				w.crash(id)
			}
		}
	case 3, 4, 5:
		if w.nodes[id].core == nil {
			w.boot(id)
		}
	case 6:
		w.net.cut[[2]model.NodeID{id, other}] = true
	case 7:
		w.isolate(id)
	case 8:
		w.heal()
	case 9:
		w.nodes[id].paused = w.nodes[id].core != nil
	case 10:
		w.resume(id)
	case 11, 12:
		w.reorder(int32(draw.IntN(o.partitions)), draw)
	}
}

// reorder asks whoever controls for another preferred leader, and to elect it.
func (w *world) reorder(partition int32, draw *rand.Rand) {
	for _, id := range w.order {
		n := w.nodes[id]
		if n.core == nil || n.paused || !n.core.Status().IsController {
			continue
		}
		_, state := n.core.Image().Lookup(model.TopicPartition{Topic: "t", Partition: partition})
		if state == nil {
			return
		}
		replicas := make([]int32, len(state.Replicas))
		for i, j := range draw.Perm(len(replicas)) {
			replicas[i] = int32(state.Replicas[j])
		}
		for _, req := range []kmsg.Request{reorderRequest(partition, replicas), electRequest(partition)} {
			w.call(id, "OUTSIDE", recode(req, req.AppendTo(nil)), func(kmsg.Response, bool) {})
		}
		return
	}
}

func reorderRequest(partition int32, replicas []int32) kmsg.Request {
	req := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	topic := kmsg.NewAlterPartitionAssignmentsRequestTopic()
	topic.Topic = "t"
	p := kmsg.NewAlterPartitionAssignmentsRequestTopicPartition()
	p.Partition, p.Replicas = partition, replicas
	topic.Partitions = append(topic.Partitions, p)
	req.Topics = append(req.Topics, topic)
	return req
}

func electRequest(partition int32) kmsg.Request {
	req := kmsg.NewPtrElectLeadersRequest()
	req.Version = 2
	topic := kmsg.NewElectLeadersRequestTopic()
	topic.Topic, topic.Partitions = "t", []int32{partition}
	req.Topics = append(req.Topics, topic)
	return req
}

// heal ends all faults and starts every broker.
func (o ordeal) heal(w *world) {
	w.heal()
	for _, id := range w.order {
		w.resume(id)
	}
	w.run(2 * time.Second) // until the last delayed message is here
	for _, id := range w.order {
		if w.nodes[id].core == nil {
			w.boot(id)
		}
	}
}
