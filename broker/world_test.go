package broker

import (
	"container/heap"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/broker/wire"
)

// world runs cores on one thread: a virtual clock, a network whose links can be
// cut, and disks in memory. It drives the protocol's scripts.
type world struct {
	now    time.Duration
	seq    uint64
	events worldEvents
	nodes  map[model.NodeID]*worldNode
	order  []model.NodeID
	cut    map[[2]model.NodeID]bool
	parked map[[2]model.NodeID][]func() // messages held back by a cut
	// holds keep back requests or answers by rule, to let them be overtaken.
	trace func(model.NodeID, string)
	// hash of every input and effect, in order.
	hash  hash.Hash64
	calls map[uint64]func(kmsg.Response, bool)
	next  uint64
	// failure is the first Exit with an error, by node.
	exits map[model.NodeID]error
}

type worldNode struct {
	id    model.NodeID
	cfg   Config
	fs    *storage.MemFS
	core  *Core // nil while down
	life  int
	wake  time.Duration
	boots uint64
}

const (
	hop       = time.Millisecond
	fsyncTime = 2 * time.Millisecond
	wallBase  = 1_700_000_000_000
)

type worldOptions struct {
	nodes   int
	flush   FlushPolicy
	mutants mutant.Set
	unclean bool
	minISR  int
}

func newWorld(o worldOptions) *world {
	w := &world{
		nodes: map[model.NodeID]*worldNode{}, cut: map[[2]model.NodeID]bool{},
		parked: map[[2]model.NodeID][]func(){}, hash: fnv.New64a(),
		calls: map[uint64]func(kmsg.Response, bool){}, exits: map[model.NodeID]error{},
		trace: func(model.NodeID, string) {},
	}
	for i := 1; i <= o.nodes; i++ {
		w.order = append(w.order, model.NodeID(i))
	}
	for _, id := range w.order {
		fs := storage.NewMemFS()
		w.nodes[id] = &worldNode{id: id, fs: fs, cfg: Config{
			NodeID: id, ClusterID: "test", Voters: w.order,
			Advertised:          []controller.Listener{{Name: "OUTSIDE", Host: "localhost", Port: 9092}},
			InterBrokerListener: "INSIDE",
			FS:                  fs, LogDir: "/logs", MetadataDir: "/meta",
			TopicDefaults: map[string]string{
				"min.insync.replicas":            fmt.Sprint(max(o.minISR, 1)),
				"unclean.leader.election.enable": fmt.Sprint(o.unclean),
			},
			DefaultReplicationFactor: int16(o.nodes), DefaultPartitions: 1,
			Flush: o.flush, FlushInterval: time.Second,
			ReplicaLagMax: time.Second, ReplicaFetchWaitMax: 100 * time.Millisecond,
			ReplicaFetchBackoff: 50 * time.Millisecond, ReplicaFetchMaxBytes: 10 << 20,
			PeerTimeout: time.Second, SessionTimeout: time.Second,
			HeartbeatInterval: 200 * time.Millisecond, RaftTick: 20 * time.Millisecond,
			HWCheckpointInterval: 500 * time.Millisecond, RetentionInterval: time.Minute,
			ProducerExpiry: 24 * time.Hour, Mutants: o.mutants,
		}}
	}
	for _, id := range w.order {
		w.boot(id)
	}
	return w
}

// boot starts a node on the data it has.
func (w *world) boot(id model.NodeID) {
	n := w.nodes[id]
	n.boots++
	n.life++
	n.cfg.Seed = n.boots
	core, err := New(n.cfg)
	if err != nil {
		w.exits[id] = err
		return
	}
	n.core = core
	w.step(n, Tick{})
}

// kill ends a node as kill -9 does: what it wrote stays in the page cache.
func (w *world) kill(id model.NodeID) {
	w.nodes[id].core = nil
	w.nodes[id].life++
}

func (w *world) at(delay time.Duration, run func()) {
	w.seq++
	heap.Push(&w.events, worldEvent{at: w.now + delay, seq: w.seq, run: run})
}

// run lets time pass.
func (w *world) run(d time.Duration) {
	end := w.now + d
	for len(w.events) > 0 && w.events[0].at <= end {
		e := heap.Pop(&w.events).(worldEvent)
		w.now = e.at
		e.run()
	}
	w.now = end
}

// runUntil lets time pass until a condition holds; false if it never does.
func (w *world) runUntil(limit time.Duration, holds func() bool) bool {
	for end := w.now + limit; !holds(); {
		if len(w.events) == 0 || w.events[0].at > end {
			return false
		}
		e := heap.Pop(&w.events).(worldEvent)
		w.now = e.at
		e.run()
	}
	return true
}

func (w *world) step(n *worldNode, in Input) {
	fmt.Fprintf(w.hash, "%d %d > %s\n", w.now, n.id, in)
	core := n.core
	for _, e := range core.Step(model.Time{Mono: w.now, Wall: wallBase + w.now.Milliseconds()}, in) {
		fmt.Fprintf(w.hash, "%d %d < %s\n", w.now, n.id, e)
		w.carryOut(n, e)
	}
}

// later steps a node after a delay, if it is still in the same life.
func (w *world) later(n *worldNode, delay time.Duration, in Input) {
	life := n.life
	w.at(delay, func() {
		if n.life == life && n.core != nil {
			w.step(n, in)
		}
	})
}

func (w *world) carryOut(n *worldNode, e Effect) {
	switch e := e.(type) {
	case Reply:
		if done := w.calls[e.Call.Seq]; done != nil {
			delete(w.calls, e.Call.Seq)
			response := e.Response
			w.at(hop, func() { done(response, false) })
		}
	case CloseConn:
		if done := w.calls[uint64(e.Conn)]; done != nil {
			delete(w.calls, uint64(e.Conn))
			w.at(hop, func() { done(nil, true) })
		}
	case Send:
		w.deliverRequest(n, e)
	case SendRaft:
		w.transmit(n.id, e.To, func() {
			if to := w.nodes[e.To]; to.core != nil {
				w.step(to, RaftMessage{Payload: e.Payload})
			}
		})
	case Sync:
		life := n.life
		w.at(fsyncTime, func() {
			if n.life != life || n.core == nil {
				return
			}
			ticket := storage.FlushTicket{Files: e.Files, Dirs: e.Dirs}
			w.step(n, SyncDone{Token: e.Token, Err: ticket.Sync(n.fs)})
		})
	case WakeAt:
		n.wake = e.At
		life := n.life
		w.at(max(e.At-w.now, 0), func() {
			if n.life == life && n.core != nil && n.wake == e.At {
				w.step(n, Tick{})
			}
		})
	case Trace:
		w.trace(n.id, e.Text)
	case Exit:
		w.exits[n.id] = e.Err
		w.kill(n.id)
	}
}

// transmit carries a message over a link; a cut link keeps it until it heals,
// as retransmission does.
func (w *world) transmit(from, to model.NodeID, deliver func()) {
	w.at(hop, func() {
		link := [2]model.NodeID{from, to}
		if w.cut[link] {
			w.parked[link] = append(w.parked[link], deliver)
			return
		}
		deliver()
	})
}

func (w *world) heal() {
	w.cut = map[[2]model.NodeID]bool{}
	for _, from := range w.order {
		for _, to := range w.order {
			link := [2]model.NodeID{from, to}
			for _, deliver := range w.parked[link] {
				w.at(hop, deliver)
			}
			delete(w.parked, link)
		}
	}
}

var errTimeout = errors.New("timed out")

// deliverRequest carries a request and its answer over real encodings, so that
// a field that a version does not carry is lost here too.
func (w *world) deliverRequest(from *worldNode, e Send) {
	life, answered := from.life, false
	answer := func(resp kmsg.Response, err error) {
		if !answered && from.life == life && from.core != nil {
			answered = true
			w.step(from, PeerResponse{Token: e.Token, Response: resp, Err: err})
		}
	}
	w.at(e.Timeout, func() { answer(nil, errTimeout) })
	frame := e.Request.AppendTo(nil)
	w.transmit(from.id, e.To, func() {
		w.call(e.To, "INSIDE", recode(e.Request, frame), func(resp kmsg.Response, dropped bool) {
			if dropped {
				answer(nil, errors.New("connection closed"))
				return
			}
			body := resp.AppendTo(nil)
			w.transmit(e.To, from.id, func() {
				back := e.Request.ResponseKind()
				if err := back.ReadFrom(body); err != nil {
					panic(err)
				}
				answer(back, nil)
			})
		})
	})
}

func recode(req kmsg.Request, frame []byte) kmsg.Request {
	out := kmsg.RequestForKey(req.Key())
	out.SetVersion(req.GetVersion())
	if err := out.ReadFrom(frame); err != nil {
		panic(err)
	}
	return out
}

// call sends a request to a node; done may never run if the node is down.
func (w *world) call(to model.NodeID, listener string, req kmsg.Request, done func(kmsg.Response, bool)) {
	n := w.nodes[to]
	if n.core == nil {
		return
	}
	w.next++
	id := w.next
	w.calls[id] = done
	w.step(n, Request{Call: &wire.Call{Conn: wire.ConnID(id), Seq: id, Listener: listener, Request: req}})
}

// client sends a client's request and lets time pass until the answer is here.
func (w *world) client(to model.NodeID, req kmsg.Request) (kmsg.Response, error) {
	var response kmsg.Response
	var answered, dropped bool
	w.call(to, "OUTSIDE", recode(req, req.AppendTo(nil)), func(r kmsg.Response, gone bool) {
		response, answered, dropped = r, true, gone
	})
	if !w.runUntil(10*time.Second, func() bool { return answered }) {
		return nil, errTimeout
	}
	if dropped {
		return nil, errors.New("connection closed")
	}
	return response, nil
}

// shuffle is a source of randomness for tests that draw their own schedule.
func shuffle(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 77)) }

func (w *world) status() string {
	var out strings.Builder
	for _, id := range w.order {
		n := w.nodes[id]
		if n.core == nil {
			fmt.Fprintf(&out, "node %d down", id)
			if err := w.exits[id]; err != nil {
				fmt.Fprintf(&out, ": %v", err)
			}
			out.WriteByte('\n')
			continue
		}
		for _, p := range n.core.Status().Partitions {
			role := "follower"
			if p.IsLeader {
				role = "leader"
			}
			fmt.Fprintf(&out, "node %d %s-%d %s epoch=%d isr=%v log=[%d,%d) hw=%d\n",
				id, p.Topic, p.Partition, role, p.LeaderEpoch, p.ISR, p.LogStart, p.LEO, p.HW)
		}
	}
	return out.String()
}

type worldEvent struct {
	at  time.Duration
	seq uint64
	run func()
}

type worldEvents []worldEvent

func (q worldEvents) Len() int { return len(q) }
func (q worldEvents) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].seq < q[j].seq
}
func (q worldEvents) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *worldEvents) Push(x any)   { *q = append(*q, x.(worldEvent)) }
func (q *worldEvents) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	return e
}
