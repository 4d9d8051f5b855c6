// Package broker is one broker as a deterministic machine: Step takes one input
// and returns the effects it has, in order. There is no goroutine, lock, clock,
// socket or global randomness inside, so equal inputs give equal effects, in a
// real server as in a simulator.
//
// It promises that nothing is acknowledged before it is as durable as the
// configuration asks: the end of an fsync is an input, so an early answer cannot
// be written. It assumes that the driver carries effects out in order and
// answers every Send and every Sync.
package broker

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/wire"
)

// Core is one broker. Its parts stand in files of their own.
type Core struct {
	cfg     Config
	now     model.Time
	rand    *rand.Rand
	timers  timers
	effects []Effect
	wakeAt  int64 // the last WakeAt told to the driver, -1 for none

	controller  *controller.Controller
	lifecycle   lifecycle
	peers       peers
	partitions  partitions
	fetchers    fetchers
	proposals   proposals
	flushes     flushes
	producerIDs producerIDs

	failure error // set once the disk failed: the broker stops
	exited  bool
}

const defaultSnapshotEvery = 4096

// New opens a broker's data. The first Step should be a Tick.
func New(cfg Config) (*Core, error) {
	c := &Core{
		cfg:    cfg,
		rand:   rand.New(rand.NewPCG(cfg.Seed, uint64(cfg.NodeID))),
		wakeAt: -1,
	}
	for _, dir := range []string{cfg.LogDir, cfg.MetadataDir} {
		if err := errors.Join(cfg.FS.MkdirAll(dir), cfg.FS.SyncDir(path.Dir(dir))); err != nil {
			return nil, fmt.Errorf("data directory %s: %w", dir, err)
		}
	}
	ctl, err := controller.Open(controller.Config{
		Self:              cfg.NodeID,
		Voters:            cfg.Voters,
		FS:                cfg.FS,
		Dir:               path.Join(cfg.MetadataDir, "quorum"),
		TickInterval:      cfg.RaftTick,
		SessionTimeout:    cfg.SessionTimeout,
		RebalanceInterval: cfg.RebalanceInterval,
		Defaults:          cfg.TopicDefaults,
		SnapshotEvery:     cmp.Or(cfg.SnapshotEvery, defaultSnapshotEvery),
		Mutants:           cfg.Mutants,
	})
	if err != nil {
		return nil, fmt.Errorf("metadata quorum: %w", err)
	}
	c.controller = ctl
	c.peers = newPeers()
	c.fetchers = newFetchers(cfg.Voters, cfg.NodeID)
	if c.lifecycle, err = openLifecycle(cfg, c.rand); err != nil {
		return nil, err
	}
	if c.partitions, err = openPartitions(cfg); err != nil {
		return nil, err
	}
	c.startTimers()
	return c, nil
}

// Step takes one input. The effects are valid until the next Step.
func (c *Core) Step(now model.Time, in Input) []Effect {
	c.now = now
	clear(c.effects)
	c.effects = c.effects[:0]
	if c.exited {
		return nil
	}
	if c.cfg.Mutants.Has(mutant.WallClockSessions) {
		c.controller.LetSessionsLead(time.Duration(now.Wall)*time.Millisecond - now.Mono)
	}
	switch in := in.(type) {
	case Request:
		c.serve(in.Call)
	case RaftMessage:
		if err := c.controller.Receive(in.Payload); err != nil {
			c.trace("raft-message refused err=%q", err)
		}
	case PeerResponse:
		c.peers.answered(in)
	case SyncDone:
		c.synced(in)
	case Tick:
		c.wakeAt = -1 // the driver's timer is spent, even if it came early
	case Shutdown:
		c.startShutdown()
	}
	c.timers.fire(now.Mono)
	if !c.exited { // a shutdown that was granted is the end
		c.settle()
		c.askForWakeUp()
	}
	if c.failure != nil && !c.exited {
		c.exit(c.failure)
	}
	return c.effects
}

// settle lets the consequences of an input run their course: each part is asked
// until none has anything left to do.
func (c *Core) settle() {
	for busy := true; busy && c.failure == nil; {
		busy = c.pollController()
		busy = c.settlePartitions() || busy
		busy = c.sendProposals() || busy
	}
	c.pumpFetchers()
	c.flushBeforeAck()
}

func (c *Core) serve(call *wire.Call) {
	req := call.Request
	inside := call.Listener == c.cfg.InterBrokerListener
	handler, ok := wire.Lookup(kmsg.Key(req.Key()), req.GetVersion(), inside)
	if !ok {
		c.Drop(call)
		return
	}
	if c.forward(call, inside) {
		return
	}
	handler.Serve(c, call)
}

func (c *Core) askForWakeUp() {
	next := c.controller.NextTick()
	if at, ok := c.timers.next(); ok && at < next {
		next = at
	}
	if int64(next) != c.wakeAt {
		c.wakeAt = int64(next)
		c.effect(WakeAt{At: next})
	}
}

func (c *Core) effect(e Effect) { c.effects = append(c.effects, e) }

func (c *Core) trace(format string, args ...any) {
	c.effect(Trace{Text: fmt.Sprintf(format, args...)})
}

// fail stops the broker: a disk that refused a write may have kept part of it,
// and no later answer could be trusted (KAFKA-10778).
func (c *Core) fail(err error) {
	if err != nil && c.failure == nil {
		c.failure = err
	}
}

func (c *Core) exit(err error) {
	c.exited = true
	c.effect(Exit{Err: err})
}
