package invariant

import (
	"slices"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// metadata is what is known of the quorum's log.
type metadata struct {
	newest uint64 // the furthest index that any broker has applied
	// digests of the metadata by the index of the last entry applied.
	digests map[uint64]uint64
}

func newMetadata() metadata { return metadata{digests: map[uint64]uint64{}} }

// observeMetadata looks at what a broker has applied, if that is more than
// before.
func (w *Watch) observeMetadata(n *node, image *controller.Image) {
	if image.Index == n.index {
		return
	}
	if image.Index < n.index {
		w.fault(MetadataFell, "node %d: from entry %d to %d", n.id, n.index, image.Index)
	}
	n.index = image.Index
	sum := digest(image)
	if other, known := w.metadata.digests[image.Index]; known && other != sum {
		w.fault(MetadataDiffers, "node %d: another node's metadata is not the same after entry %d", n.id, image.Index)
	}
	w.metadata.digests[image.Index] = sum
	if image.Index <= w.metadata.newest {
		return
	}
	w.metadata.newest = image.Index
	for id, b := range image.Brokers {
		w.node(id).epoch = b.Epoch
	}
	w.observeDeletions(image)
	for tp, p := range image.Partitions() {
		w.observeTruth(w.log(logName{image.Topics[tp.Topic].ID, tp.Partition}), tp, p, image)
	}
}

// observeDeletions lets go of topics that are no more. What is said of one comes from
// a broker that has not heard of it yet, and nothing of it is promised: the
// controller's last word on it may never have been seen.
func (w *Watch) observeDeletions(image *controller.Image) {
	for name, l := range w.logs {
		if _, exists := image.TopicNames[name.topic]; !exists && l.truth != nil {
			l.truth, l.forgiven = nil, true
		}
	}
}

// observeTruth looks at the controller's newest word on a partition.
func (w *Watch) observeTruth(l *log, tp model.TopicPartition, p *controller.Partition, image *controller.Image) {
	w.checkEligible(tp, p, image)
	if l.settleLosses(p) {
		w.changed = append(w.changed, l)
	}
	was := l.truth
	if was == p {
		return
	}
	l.truth = p
	w.changed = append(w.changed, l)
	w.noteLeader(l, tp, p.LeaderEpoch, p.Leader)
	if was != nil && (p.LeaderEpoch < was.LeaderEpoch || p.PartitionEpoch < was.PartitionEpoch) {
		w.fault(MetadataFell, "%s: epochs from %d/%d to %d/%d", tp,
			was.LeaderEpoch, was.PartitionEpoch, p.LeaderEpoch, p.PartitionEpoch)
	}
	if len(p.ISR) == 0 {
		w.fault(ISREmpty, "%s: leader %d", tp, p.Leader)
	}
	if p.Leader != model.NoNode && !slices.Contains(p.ISR, p.Leader) {
		w.fault(LeaderOutsideISR, "%s: leader %d, ISR %v", tp, p.Leader, p.ISR)
	}
	if p.Recovering && (was == nil || !was.Recovering) {
		allowed, _ := image.TopicConfig(tp.Topic, controller.UncleanLeaderElectionEnable, image.StaticConfig)
		if allowed != "true" && !l.forgiven {
			w.fault(UncleanElection, "%s: leader %d", tp, p.Leader)
		}
		l.forgiven = true
	}
}

// checkEligible looks for brokers in an ISR that must not be there. The last
// member stays, whatever becomes of it, but leads no more.
func (w *Watch) checkEligible(tp model.TopicPartition, p *controller.Partition, image *controller.Image) {
	for _, id := range p.ISR {
		if !image.Brokers[id].Eligible() && (len(p.ISR) > 1 || p.Leader != model.NoNode) {
			w.fault(IneligibleInISR, "%s: leader %d, ISR %v, of which %d is fenced or shutting down", tp, p.Leader, p.ISR, id)
		}
	}
}

// digest is equal for equal brokers, partitions and producer ids. It is a sum, so
// that the order of maps does not matter.
func digest(image *controller.Image) uint64 {
	sum := mix(uint64(image.NextProducerID))
	for id, b := range image.Brokers {
		sum += mix(uint64(id), uint64(b.Epoch), bit(b.Fenced), bit(b.ShuttingDown))
	}
	for _, t := range image.Topics {
		for n, p := range t.Partitions {
			h := mix(uint64(n), uint64(p.Leader), uint64(p.LeaderEpoch), uint64(p.PartitionEpoch), bit(p.Recovering))
			for _, b := range t.ID {
				h = mix(h, uint64(b))
			}
			for _, id := range p.ISR {
				h = mix(h, uint64(id))
			}
			for _, id := range p.Replicas {
				h = mix(h, uint64(id))
			}
			sum += h
		}
	}
	return sum
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// mix is FNV-1a over words.
func mix(words ...uint64) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, w := range words {
		h = (h ^ w) * 0x100000001b3
		h ^= h >> 32
	}
	return h
}
