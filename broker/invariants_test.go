package broker

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

// proof watches every step of every broker of a world, with a look inside that
// no client has, and notes what contradicts the protocol.
type proof struct {
	// lossy is set where losing acked records is no fault: an unclean election, a
	// mutant, a disk that forgot what it was not asked to keep.
	lossy  bool
	flush  FlushPolicy
	newest *controller.Image // the furthest that any broker has applied
	seen   map[replicaName]*seen
	// ledger is the committed batches of each topic partition, as leaders made
	// them so: what stands here stands for ever.
	ledger   map[logName][]entry
	problems []string
}

type logName struct {
	topic     model.TopicID
	partition int32
}

type replicaName struct {
	logName
	node model.NodeID
}

// seen is what a replica looked like after the last step.
type seen struct {
	life  int
	leads bool
	epoch model.Epoch
	isr   model.PartitionEpoch
	hw    model.Offset
	// end is what the replica may be counted on for: the end of its log, or with
	// flush.policy=before-ack of what is on the disk.
	end model.Offset
}

// entry is a committed batch.
type entry struct {
	base, next model.Offset
	epoch      model.Epoch
	bytes      string
}

func newProof(o worldOptions) proof {
	return proof{lossy: o.unclean || len(o.mutants) > 0, flush: o.flush,
		seen: map[replicaName]*seen{}, ledger: map[logName][]entry{}}
}

// crashed tells of a power loss: what was not counted on may be gone. That is
// no loss to the cluster while the node is in no ISR.
func (p *proof) crashed(id model.NodeID) {
	p.lossy = p.lossy || p.flush != FlushBeforeAck && p.inSync(id)
	for name, was := range p.seen {
		if name.node == id {
			was.hw = min(was.hw, was.end)
			if p.flush != FlushBeforeAck {
				was.hw, was.end = 0, 0
			}
		}
	}
}

// wiped tells that a disk was emptied.
func (p *proof) wiped(id model.NodeID) {
	p.lossy = p.lossy || p.inSync(id)
	for name, was := range p.seen {
		if name.node == id {
			was.hw, was.end = 0, 0
		}
	}
}

func (p *proof) inSync(id model.NodeID) bool {
	for _, state := range p.newest.Partitions() {
		if slices.Contains(state.ISR, id) {
			return true
		}
	}
	return false
}

func (p *proof) fault(n *worldNode, h *held, format string, args ...any) {
	p.problems = append(p.problems, fmt.Sprintf("node %d: %s: %s", n.id, h.replica, fmt.Sprintf(format, args...)))
}

// observe checks a broker after a step.
func (p *proof) observe(n *worldNode, c *Core) {
	if c.failure != nil || len(p.problems) > 0 {
		return
	}
	if p.newest == nil || c.Image().Index >= p.newest.Index {
		p.newest = c.Image()
	}
	for _, h := range c.partitions.sorted {
		if c.exited {
			break
		}
		p.observeReplica(n, h)
	}
}

func (p *proof) observeReplica(n *worldNode, h *held) {
	r, log := h.replica, h.replica.Log()
	name := replicaName{logName{h.topicID, h.tp.Partition}, n.id}
	was := p.seen[name]
	if was == nil {
		was = &seen{}
		p.seen[name] = was
	}
	state, hw, end := r.State(), r.HighWatermark(), log.EndOffset()
	if hw > end || log.StartOffset() > hw {
		p.fault(n, h, "the watermark is outside the log")
	}
	if was.life == n.life {
		if state.LeaderEpoch < was.epoch || state.PartitionEpoch < was.isr {
			p.fault(n, h, "epochs fell from %d/%d", was.epoch, was.isr)
		}
		if was.leads && r.IsLeader() && state.LeaderEpoch == was.epoch && hw < was.hw {
			p.fault(n, h, "a leader's watermark fell from %d", was.hw)
		}
	}
	if !p.lossy && end < was.hw {
		p.fault(n, h, "truncated below the watermark %d", was.hw)
	}
	if r.IsLeader() && !p.lossy {
		p.observeLeader(n, h, was, name.logName)
	}
	was.life, was.leads, was.epoch, was.isr = n.life, r.IsLeader(), state.LeaderEpoch, state.PartitionEpoch
	was.hw, was.end = hw, end
	if p.flush == FlushBeforeAck {
		was.end = log.FlushedOffset()
	}
}

// observeLeader checks that what a leader calls committed is on every replica
// that the controller may elect (ValidHighWatermark of the TLA+ models), and
// that it holds all that was committed before (LeaderCompleteness).
func (p *proof) observeLeader(n *worldNode, h *held, was *seen, name logName) {
	r := h.replica
	_, truth := p.newest.Lookup(h.tp)
	if truth != nil && truth.LeaderEpoch == r.State().LeaderEpoch {
		for _, id := range truth.ISR {
			member := p.seen[replicaName{name, id}]
			if id != n.id && member != nil && member.end < r.HighWatermark() {
				p.fault(n, h, "ISR member %d ends at %d, below the leader's watermark", id, member.end)
			}
		}
	}
	if !was.leads || was.epoch != r.State().LeaderEpoch {
		if truth == nil || truth.LeaderEpoch == r.State().LeaderEpoch {
			p.compare(n, h, p.ledger[name])
		}
		if latest, ok := r.Log().LatestEpoch(); !ok || latest != r.State().LeaderEpoch {
			p.fault(n, h, "a leader's own epoch is not the last in its cache: %d", latest)
		}
	}
	if last := ends(p.ledger[name]); r.HighWatermark() > last {
		p.ledger[name] = append(p.ledger[name], p.batches(n, h, last, r.HighWatermark())...)
	}
}

// compare looks for the ledger's batches in a new leader's log.
func (p *proof) compare(n *worldNode, h *held, committed []entry) {
	found := p.batches(n, h, h.replica.Log().StartOffset(), h.replica.Log().EndOffset())
	for i, want := range committed {
		if i >= len(found) || found[i] != want {
			p.fault(n, h, "elected without the committed batch [%d,%d) of epoch %d", want.base, want.next, want.epoch)
			return
		}
	}
}

// batches reads a log's batches and checks that they follow each other.
func (p *proof) batches(n *worldNode, h *held, from, to model.Offset) []entry {
	var out []entry
	epoch := model.NoEpoch
	for from < to {
		run, err := h.replica.Log().Read(from, 1<<20, to, true)
		if err != nil || len(run) == 0 {
			p.fault(n, h, "cannot read [%d,%d): %v", from, to, err)
			return out
		}
		for len(run) > 0 {
			b, rest, err := storage.FirstBatch(run)
			if err != nil || b.BaseOffset() != from || b.LeaderEpoch() < epoch {
				p.fault(n, h, "batch at %d of epoch %d follows offset %d of epoch %d: %v", b.BaseOffset(), b.LeaderEpoch(), from, epoch, err)
				return out
			}
			out = append(out, entry{b.BaseOffset(), b.NextOffset(), b.LeaderEpoch(), string(b)})
			from, epoch, run = b.NextOffset(), b.LeaderEpoch(), rest
		}
	}
	return out
}

func ends(ledger []entry) model.Offset {
	if len(ledger) == 0 {
		return 0
	}
	return ledger[len(ledger)-1].next
}

// acked checks that a write with acks=all is below the watermark of the broker
// that acknowledges it.
func (p *proof) acked(n *worldNode, e Reply) {
	req, ok := e.Call.Request.(*kmsg.ProduceRequest)
	if !ok || req.Acks != -1 || p.lossy || n.core == nil {
		return
	}
	for _, t := range e.Response.(*kmsg.ProduceResponse).Topics {
		for _, r := range t.Partitions {
			h := n.core.partitions.byName[model.TopicPartition{Topic: t.Topic, Partition: r.Partition}]
			if h == nil || r.ErrorCode != 0 {
				continue
			}
			if model.Offset(r.BaseOffset) >= h.replica.HighWatermark() {
				p.fault(n, h, "acked offset %d is not committed", r.BaseOffset)
			}
		}
	}
}
