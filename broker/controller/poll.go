package controller

import (
	"fmt"
	"math"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

// heldReady is the one batch of Raft's work that is in hand.
type heldReady struct {
	raft.Ready
	// ticket to be synced before anything of the batch gets out; 0 if none.
	ticket  uint64
	durable bool
}

// Poll does the work that has come up and says what to send and sync and what
// has changed. It must be called after every other call until there is no More.
// Callbacks of proposals and heartbeats run inside it; they may propose, but not
// poll.
func (c *Controller) Poll() Output {
	if c.idle {
		return Output{Applied: c.image.Index}
	}
	c.proposals.answerAbandoned()
	out := Output{}
	if c.failed == nil {
		if err := c.work(&out); err != nil {
			c.fail(err)
			c.proposals.answerAbandoned()
		}
	}
	out.Changes.settle(c.image)
	out.Applied = c.image.Index
	out.More = c.failed == nil && c.held == nil && (c.node.HasReady() || len(c.proposals.abandoned) > 0)
	out.Err = c.failed
	c.idle = !out.More && out.Err == nil
	return out
}

func (c *Controller) work(out *Output) error {
	if c.held == nil {
		if !c.node.HasReady() {
			return nil
		}
		if err := c.take(out); err != nil {
			return err
		}
	}
	if !c.held.durable {
		return nil
	}
	return c.release(out)
}

// take accepts the next batch and writes down what must survive a crash.
func (c *Controller) take(out *Output) error {
	ready := c.node.Ready()
	c.held = &heldReady{Ready: ready, durable: true}
	if !raft.IsEmptyHardState(ready.HardState) {
		c.hard = ready.HardState
	}
	if !raft.IsEmptySnap(ready.Snapshot) {
		return c.install(ready.Snapshot, ready.Entries, out)
	}
	// A commit index alone is not worth a frame: a restart learns it again, and
	// so every frame is synced before the next one.
	if !ready.MustSync {
		return nil
	}
	if err := c.disk.log.append(storageFrame(c.hard, ready.Entries, nil)); err != nil {
		return err
	}
	if goesUnsynced(ready, c.cfg.Mutants) {
		return nil
	}
	c.lastSync++
	c.held.ticket, c.held.durable = c.lastSync, false
	out.Sync = &SyncTicket{Files: []storage.File{c.disk.log.file}, ID: c.lastSync}
	return nil
}

// goesUnsynced tells whether a planted bug lets a batch out before it is durable.
func goesUnsynced(ready raft.Ready, mutants mutant.Set) bool {
	if len(ready.Entries) > 0 {
		return mutants.Has(mutant.EntriesNotSynced)
	}
	return mutants.Has(mutant.VoteNotSynced)
}

// install replaces the image by a snapshot of the leader's.
func (c *Controller) install(snapshot *pb.Snapshot, entries []*pb.Entry, out *Output) error {
	image, err := decodeImage(snapshot.GetData())
	if err != nil {
		return err
	}
	if err := c.disk.restart(snapshot, c.hard, entries); err != nil {
		return err
	}
	if err := c.memory.ApplySnapshot(snapshot); err != nil {
		return err
	}
	if !c.cfg.Mutants.Has(mutant.SnapshotChangesMissed) {
		out.Changes.add(difference(c.image, image))
	}
	c.image, c.snapshot = image, snapshot.GetMetadata().GetIndex()
	return nil
}

// release lets a durable batch out: messages first, then what was committed.
func (c *Controller) release(out *Output) error {
	ready := c.held.Ready
	if err := c.memory.Append(ready.Entries); err != nil {
		return err
	}
	for _, m := range ready.Messages {
		payload, err := marshal(m)
		if err != nil {
			return err
		}
		out.Messages = append(out.Messages, Message{To: nodeID(m.GetTo()), Payload: payload})
		if m.GetType() == pb.MsgSnap {
			// Raft waits for word of the snapshot. Should it get lost, the next
			// probe is rejected and another one is sent.
			c.node.ReportSnapshot(m.GetTo(), raft.SnapshotFinish)
		}
	}
	c.held = nil
	for _, e := range ready.CommittedEntries {
		c.apply(e, out)
	}
	c.node.Advance(ready)
	c.checkOffice()
	return c.compact()
}

func (c *Controller) apply(e *pb.Entry, out *Output) {
	if e.GetType() != pb.EntryNormal {
		panic(fmt.Sprintf("controller: entry %d is a %s, but voters are fixed", e.GetIndex(), e.GetType()))
	}
	if len(e.GetData()) == 0 {
		// A new Raft leader's own mark.
		c.image.Index = e.GetIndex()
		return
	}
	decoded := decodeEntry(e.GetIndex(), e.GetData())
	result, changes := c.image.Apply(e.GetIndex(), decoded.Command, c.cfg.Mutants)
	out.Changes.add(changes)
	if e.GetTerm() != c.office.term {
		return
	}
	if decoded.Command.Activate != nil {
		c.takeOffice()
		return
	}
	c.proposals.complete(decoded.Number, result)
}

// compact writes a snapshot once enough entries have been applied, so that the
// log stays short. Raft keeps as many again in memory, for followers that are
// a little behind.
func (c *Controller) compact() error {
	applied := c.image.Index
	if applied-c.snapshot < c.cfg.SnapshotEvery {
		return nil
	}
	data, err := encodeImage(c.imageToKeep())
	if err != nil {
		return err
	}
	snapshot, err := c.memory.CreateSnapshot(applied, confState(&c.cfg), data)
	if err != nil {
		return err
	}
	var behind []*pb.Entry
	if last := c.lastIndex(); applied < last {
		if behind, err = c.memory.Entries(applied+1, last+1, math.MaxUint64); err != nil {
			return err
		}
	}
	if err := c.disk.restart(snapshot, c.hard, behind); err != nil {
		return err
	}
	if first, err := c.memory.FirstIndex(); err != nil {
		return err
	} else if c.snapshot >= first {
		if err := c.memory.Compact(c.snapshot); err != nil {
			return err
		}
	}
	c.snapshot = applied
	return nil
}
