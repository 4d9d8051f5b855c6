package invariant

import (
	"fmt"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
	"github.com/ackproof/ackproof/broker/storage"
)

// look is what a replica looks like between two steps.
type look struct {
	leads          bool
	state          partition.State
	maximal        []model.NodeID
	minISR         int
	start, hw, end model.Offset
	flushed        model.Offset
	epoch          storage.EpochEntry // the last of its cache
	lastBatch      storage.Batch      // nil if it is not in memory
	records        *storage.Log
	followers      believer
}

// believer is a leader's knowledge of its followers.
type believer interface {
	FollowerEnd(model.NodeID) (model.Offset, bool)
}

func lookAt(p *partition.Partition) look {
	l := p.Log()
	epoch, _ := l.LatestEntry()
	last, _ := l.LastBatch()
	return look{
		leads: p.IsLeader(), state: p.State(), maximal: p.MaximalISR(), minISR: p.EffectiveMinISR(),
		start: l.StartOffset(), hw: p.HighWatermark(), end: l.EndOffset(), flushed: l.FlushedOffset(),
		epoch: epoch, lastBatch: last, records: l, followers: p,
	}
}

// view is what a replica looked like when it was last seen.
type view struct {
	node    *node
	log     *log
	name    model.TopicPartition
	replica *partition.Partition
	life    int
	look
	// stored is the end of what the replica may be counted on for: of its log, or
	// where brokers flush first, of what is on the disk.
	stored model.Offset
	// lossy is set after a loss of what it was counted on for, under a broker epoch.
	lossy      bool
	lossyEpoch model.BrokerEpoch
	// matched is the end of what was compared with the ledger and is equal.
	matched model.Offset
}

func (v *view) String() string {
	role := "follower"
	if v.leads {
		role = "leader"
	}
	return fmt.Sprintf("node %d: %s %s epoch=%d/%d isr=%v log=[%d,%d) hw=%d", v.node.id, v.name, role,
		v.state.LeaderEpoch, v.state.PartitionEpoch, v.state.ISR, v.start, v.end, v.hw)
}

// observeReplica compares a replica with what it looked like before, and lets it
// be compared with the others where it matters.
func (w *Watch) observeReplica(v *view, now look) {
	was, sameLife := v.look, v.life == v.node.life
	v.look, v.life = now, v.node.life
	v.log.deleted = v.log.deleted || now.start > 0
	leadsOn := sameLife && was.leads && now.leads && was.state.LeaderEpoch == now.state.LeaderEpoch

	if now.hw > now.end || now.start > now.hw {
		w.fault(WatermarkOutsideLog, "%s", v)
	}
	if sameLife && (now.state.LeaderEpoch < was.state.LeaderEpoch || now.state.PartitionEpoch < was.state.PartitionEpoch) {
		w.fault(EpochsFell, "%s: from %d/%d", v, was.state.LeaderEpoch, was.state.PartitionEpoch)
	}
	if leadsOn && now.hw != was.hw {
		w.checkRise(v, was)
	}
	if now.end < was.hw && !v.log.forgiven {
		w.fault(TruncatedBelowWatermark, "%s: the watermark was %d", v, was.hw)
	}
	if now.end != was.end || now.epoch != was.epoch {
		w.checkTail(v)
	}
	shorter := v.setStored(w.options.Flushes)
	if now.leads {
		w.checkLeader(v)
	}
	if now.leads && !leadsOn {
		w.checkElected(v)
	}
	if now.hw != was.hw && !v.log.forgiven {
		w.compare(v, now.hw, LogMismatch)
	}
	if now.leads || now.end < was.end {
		w.checkBelief(v.log)
	}
	if shorter || now.leads && (!leadsOn || now.hw != was.hw) {
		w.checkISR(v.log)
	}
}

// checkRise looks at a leader whose watermark has moved.
func (w *Watch) checkRise(v *view, was look) {
	if v.hw < was.hw {
		w.fault(WatermarkFell, "%s: from %d", v, was.hw)
	}
	// Between two states that follow each other there was no third one.
	adjacent := v.state.PartitionEpoch-was.state.PartitionEpoch <= 1
	isr, required := max(len(was.state.ISR), len(v.state.ISR)), min(was.minISR, v.minISR)
	if adjacent && isr < required {
		w.fault(WatermarkBelowMinISR, "%s: from %d, with %d of %d", v, was.hw, isr, required)
	}
}

// checkTail looks at the end of a log and of its epoch cache. An entry at the
// very end is that of a leader which has not written.
func (w *Watch) checkTail(v *view) {
	last, epoch := v.lastBatch, v.epoch
	switch {
	case epoch.Start > v.end:
		w.fault(EpochsUnlikeLog, "%s: the cache ends with %s", v, epoch)
	case last == nil, v.start == v.end: // what it says may be of records that were deleted
	case last.NextOffset() != v.end:
		w.fault(OffsetGap, "%s: the last batch ends at %d", v, last.NextOffset())
	case epoch.Start < v.end && epoch.Epoch != last.LeaderEpoch(), epoch.Start == v.end && epoch.Epoch < last.LeaderEpoch():
		w.fault(EpochsUnlikeLog, "%s: the cache ends with %s, the log with epoch %d", v, epoch, last.LeaderEpoch())
	}
}

// setStored notes what the replica may be counted on for, and tells whether that
// has become less. What was on the disk stays there when a process ends.
func (v *view) setStored(flushes bool) (shorter bool) {
	before := v.stored
	if v.stored = v.end; flushes {
		v.stored = max(v.flushed, min(before, v.end))
	}
	v.matched = min(v.matched, v.end)
	return v.stored < before
}
