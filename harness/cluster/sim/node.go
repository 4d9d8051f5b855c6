package sim

import (
	"fmt"
	"time"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/broker/wire"
	"github.com/ackproof/ackproof/nemesis"
)

// node is a broker's machine and the driver of its core: it feeds inputs to the
// core and carries the effects out, as broker/server does with sockets, files
// and clocks.
type node struct {
	sim    *Cluster
	id     model.NodeID
	config broker.Config
	disk   *disk
	clocks clocks

	core  *broker.Core
	alive bool
	life  int // counts boots and deaths
	boots uint64
	// refused is what the disk had refused when this life began.
	refused int64
	// endedWell says that the last life ended by itself and without an error,
	// endedInOrder that it also vouched for its logs.
	endedWell, endedInOrder bool
	paused                  bool
	inbox                   []broker.Input // what came while it was paused
	wake                    time.Duration  // the last WakeAt, in the core's time

	lanes  map[lane]*conn // to other brokers
	served map[wire.ConnID]*conn
	order  []wire.ConnID // of served, so that nothing depends on a map's order

	// midStep is how many effects the next step that has more may have; 0 if it
	// may end. See KillMidStep.
	midStep int
}

// restartAfter is how long it takes until a broker is started again that ended of
// its disk.
const restartAfter = 100 * time.Millisecond

type lane struct {
	to   model.NodeID
	lane broker.Lane
}

func (n *node) endpoint() nemesis.Endpoint { return nemesis.Endpoint(n.id) }

// boot starts the broker on the data it has.
func (n *node) boot() {
	if n.alive {
		return
	}
	n.alive, n.endedWell, n.endedInOrder = true, false, false
	n.boots++
	n.life++
	n.hash(hashBoot, n.boots)
	n.clocks.boot(n.sim.now)
	n.refused = n.disk.fs.Refused()
	n.config.Seed = n.sim.options.Seed<<16 | n.boots
	n.lanes, n.served, n.order = map[lane]*conn{}, map[wire.ConnID]*conn{}, nil
	n.sim.watch.booted(n)
	defer n.survive()
	core, err := broker.New(n.config)
	if err != nil {
		n.ended(err)
		return
	}
	n.core = core
	n.step(broker.Tick{})
}

// die ends the process: what it wrote stays in the page cache, and whoever is
// connected to it finds out.
func (n *node) die() {
	if !n.alive {
		return
	}
	n.hash(hashDeath)
	n.sim.watch.machine(n, "dies")
	n.alive, n.core, n.inbox, n.paused, n.midStep = false, nil, nil, false, 0
	n.life++
	n.disk.fs.Interrupt = nil
	for _, id := range n.order {
		n.served[id].hangUp()
	}
	n.lanes, n.served, n.order = nil, nil, nil
}

// ended tells of a broker that ended by itself. That is no finding if its disk has
// refused something in this life: it must stop then.
func (n *node) ended(err error) {
	if err != nil {
		n.sim.watch.machine(n, "ends: "+err.Error())
	}
	n.die()
	switch {
	case err == nil:
		n.endedWell = true
		n.endedInOrder, _ = broker.LeftInOrder(n.config) // a MemFS always knows
		return
	case n.disk.fs.Refused() > n.refused:
		if n.disk.mode == nemesis.DiskHealthy { // healed meanwhile: nobody else starts it again
			n.sim.after(restartAfter, n.boot)
		}
		return
	}
	n.sim.unexpected = append(n.sim.unexpected, fmt.Sprintf("node %d ended after %v: %v", n.id, n.sim.now, err))
}

// survive is deferred by what may end in a death before a write, or in a panic of
// the broker, which ends its process and not ours.
func (n *node) survive() {
	switch v := recover().(type) {
	case nil:
	case deathAtWrite:
		n.die()
	default:
		n.ended(fmt.Errorf("panic: %v", v))
	}
}

// step feeds one input to the core.
func (n *node) step(in broker.Input) {
	switch {
	case !n.alive:
		return
	case n.paused:
		n.inbox = append(n.inbox, in)
		return
	}
	n.sim.watch.input(n, in)
	defer n.survive()
	effects := n.core.Step(model.Time{Mono: n.clocks.mono(n.sim.now), Wall: n.clocks.wall(n.sim.now)}, in)
	n.sim.watch.stepped(n)
	n.sim.isrs.look(n.core)
	for i, e := range effects {
		if n.midStep > 0 && i == n.midStep {
			n.die()
			return
		}
		n.sim.watch.effect(n, e)
		if n.carryOut(e); !n.alive {
			return
		}
	}
}

func (n *node) pause() { n.paused = n.alive }

// resume takes what has come meanwhile.
func (n *node) resume() {
	n.paused = false
	inbox := n.inbox
	n.inbox = nil
	for _, in := range inbox {
		n.step(in)
	}
}

// carryOut does what the core wants done.
func (n *node) carryOut(e broker.Effect) {
	switch e := e.(type) {
	case broker.Reply:
		n.reply(e)
	case broker.CloseConn:
		n.hash(hashClose, uint64(e.Conn))
		if c := n.served[e.Conn]; c != nil {
			c.hangUp()
		}
	case broker.Send:
		n.send(e)
	case broker.SendRaft:
		n.sendRaft(e)
	case broker.Sync:
		n.sync(e)
	case broker.WakeAt:
		n.wakeAt(e.At)
	case broker.Trace:
		n.hash(hashTrace)
		n.sim.hash.text(e.Text)
		n.sim.tell(e.Text)
	case broker.Exit:
		n.hash(hashExit)
		n.ended(e.Err)
	}
}

func (n *node) wakeAt(at time.Duration) {
	n.hash(hashWake, uint64(at))
	n.wake = at
	life := n.life
	n.sim.after(n.clocks.until(n.sim.now, at), func() {
		if n.life == life && n.wake == at {
			n.hash(hashTick)
			n.step(broker.Tick{})
		}
	})
}

func (n *node) sendRaft(e broker.SendRaft) {
	n.hash(hashSendRaft, uint64(e.To))
	to := n.sim.node(e.To)
	n.sim.net.datagram(n.endpoint(), to.endpoint(), len(e.Payload), func() {
		to.hash(hashRaft, uint64(n.id))
		to.sim.hash.bytes(e.Payload)
		to.step(broker.RaftMessage{Payload: e.Payload})
	})
}

// sync makes files durable. What is written between the call and its end may
// reach the disk or not; which of both is drawn.
func (n *node) sync(e broker.Sync) {
	n.hash(hashSync, e.Token)
	life := n.life
	ticket := storage.FlushTicket{Files: e.Files, Dirs: e.Dirs}
	var err error
	early := n.disk.draw.IntN(2) == 0
	if early {
		err = ticket.Sync(n.disk.fs)
	}
	n.disk.whenSynced(func() {
		if n.life != life {
			return
		}
		if !early {
			err = ticket.Sync(n.disk.fs)
		}
		n.hash(hashSynced, e.Token)
		n.step(broker.SyncDone{Token: e.Token, Err: err})
	})
}
