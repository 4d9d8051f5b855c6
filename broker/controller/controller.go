package controller

import (
	"errors"
	"fmt"
	"time"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

// Controller is one node of the quorum. Every node applies the log; the one that
// Raft elected is in addition the active controller.
type Controller struct {
	cfg   Config
	node  *raft.RawNode
	disk  *disk
	image *Image

	// memory is what Raft reads of the log; hard is the hard state that goes
	// with it, snapshot the index at which the log was last compacted.
	memory   *raft.MemoryStorage
	hard     *pb.HardState
	snapshot uint64
	held     *heldReady
	lastSync uint64
	// idle is set while a Poll would bring nothing: the last one left nothing to
	// do, and nothing has come in since. Asking Raft would cost more than knowing.
	idle bool

	now, nextTick time.Duration
	office        office
	proposals     proposals
	sessions      sessions
	nextBalance   time.Duration

	// failed ends the node for good: a disk that has failed once may have lost
	// anything (see fsyncgate), so the only honest answer is silence.
	failed error
}

// Message goes to another node of the quorum, whose Receive takes the payload.
type Message struct {
	To      model.NodeID
	Payload []byte
}

// SyncTicket asks for files to be made durable, off the caller's path, and then
// for Synced with its ID. Nothing that depends on them is given out before.
type SyncTicket struct {
	Files []storage.File
	ID    uint64
}

// Output is what a Poll brings.
type Output struct {
	// Messages may be sent at once. They may be lost, doubled or reordered.
	Messages []Message
	Sync     *SyncTicket
	Changes
	// Applied is the index of the last entry applied, that of the Image.
	Applied uint64
	// More says that the next Poll will bring something right away.
	More bool
	// Err says that the node has failed for good; the process should end.
	Err error
}

// Open reads what the node has kept and starts it as a follower. Image is then
// the state of its last snapshot; the log behind it comes with the first Polls.
func Open(cfg Config) (*Controller, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("controller: %w", err)
	}
	disk, found, err := openDisk(&cfg)
	if err != nil {
		return nil, fmt.Errorf("controller: %w", err)
	}
	c := &Controller{
		cfg:      cfg,
		disk:     disk,
		image:    found.image,
		memory:   found.memory,
		snapshot: found.snapshot,
		sessions: sessions{timeout: cfg.SessionTimeout},
	}
	if c.node, err = newRaft(&cfg, found); err != nil {
		return nil, errors.Join(fmt.Errorf("controller: %w", err), disk.log.close())
	}
	c.hard = c.node.BasicStatus().HardState
	if len(cfg.Voters) == 1 {
		// Nobody else can be leading: there is nothing to wait for.
		if err := c.node.Campaign(); err != nil {
			return nil, errors.Join(fmt.Errorf("controller: %w", err), disk.log.close())
		}
	}
	return c, nil
}

// Image is the metadata as far as this node has applied it.
func (c *Controller) Image() *Image { return c.image }

// Active tells whether this node is the controller: elected, and with all that
// its predecessors have committed applied.
func (c *Controller) Active() bool { return c.failed == nil && c.office.active }

// Leader is the node that this one takes for the Raft leader; NoNode if it knows
// none.
func (c *Controller) Leader() model.NodeID {
	if lead := c.node.BasicStatus().Lead; c.failed == nil && lead != raft.None {
		return nodeID(lead)
	}
	return model.NoNode
}

// NextTick is when Tick wants to be called next.
func (c *Controller) NextTick() time.Duration { return c.nextTick }

// Tick lets time pass. It may be called at any time and does nothing before
// NextTick. Ticks that were missed are not made up for, and sessions get the
// missed time back: a process that was paused must not take its own silence for
// that of the others.
func (c *Controller) Tick(now time.Duration) {
	started := c.nextTick > 0
	c.now = max(c.now, now)
	if c.failed != nil || now < c.nextTick {
		return
	}
	due := c.nextTick
	c.nextTick = due + c.cfg.TickInterval
	if c.nextTick <= now {
		c.nextTick = now + c.cfg.TickInterval
		if started {
			c.sessions.extend(now - due)
		}
	}
	c.idle = false
	c.node.Tick()
	c.checkOffice()
	if c.Active() {
		c.fenceStale()
		c.balance()
	}
}

// Receive takes a message from another node. An error means that the message was
// refused, not that the node has failed.
func (c *Controller) Receive(payload []byte) error {
	if c.failed != nil {
		return c.failed
	}
	m, err := c.decodeMessage(payload)
	if err != nil {
		return fmt.Errorf("controller: receive: %w", err)
	}
	if err := c.checkLogIntact(m); err != nil {
		c.fail(err)
		return c.failed
	}
	c.idle = false
	if err := c.node.Step(m); err != nil {
		return fmt.Errorf("controller: receive %s from %d: %w", m.GetType(), nodeID(m.GetFrom()), err)
	}
	c.checkOffice()
	return nil
}

// Synced tells that the files of a ticket are durable, or why not.
func (c *Controller) Synced(id uint64, err error) {
	if c.held == nil || c.held.ticket != id {
		return
	}
	if err != nil {
		c.fail(fmt.Errorf("sync of the quorum log: %w", err))
		return
	}
	c.held.durable, c.idle = true, false
}

// Close releases the files. What was not synced may be lost, as in a crash.
func (c *Controller) Close() error {
	if c.failed == nil {
		c.fail(errors.New("closed"))
	}
	return c.disk.log.close()
}

func (c *Controller) fail(err error) {
	c.failed, c.idle = fmt.Errorf("controller: %w", err), false
	c.office = office{}
	c.proposals.abandon()
}
