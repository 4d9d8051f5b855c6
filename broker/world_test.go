package broker

import (
	"cmp"
	"container/heap"
	"fmt"
	"hash"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/invariant"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

// world runs cores on one thread: a virtual clock, a network whose links can be
// cut, and disks in memory. It drives the protocol's scripts.
type world struct {
	now    time.Duration
	seq    uint64
	events worldEvents
	nodes  map[model.NodeID]*worldNode
	order  []model.NodeID
	net    network
	trace  func(model.NodeID, string)
	watch  *invariant.Watch
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
	// paused nodes take no input, as under SIGSTOP; what comes waits in inbox.
	paused bool
	inbox  []Input
	// ahead is by how much its wall clock is wrong.
	ahead time.Duration
}

const (
	hop       = time.Millisecond
	session   = time.Second
	fsyncTime = 2 * time.Millisecond
	wallBase  = 1_700_000_000_000
)

type worldOptions struct {
	nodes   int
	flush   FlushPolicy
	mutants mutant.Set
	// inside lets the look inside judge mutants too, not clients alone.
	inside  bool
	unclean bool
	minISR  int
	lagMS   int // replica.lag.time.max.ms, 1000 if 0
	// snapshotEvery is the entries between metadata snapshots; 0 is the default.
	snapshotEvery uint64
}

func newWorld(o worldOptions) *world {
	w := &world{
		nodes: map[model.NodeID]*worldNode{}, net: newNetwork(), hash: fnv.New64a(),
		calls: map[uint64]func(kmsg.Response, bool){}, exits: map[model.NodeID]error{},
		trace: func(model.NodeID, string) {},
		watch: invariant.New(invariant.Options{Flushes: o.flush == FlushBeforeAck, Session: session, ClientsAlone: len(o.mutants) > 0 && !o.inside}),
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
			ReplicaLagMax: time.Duration(cmp.Or(o.lagMS, 1000)) * time.Millisecond, ReplicaFetchWaitMax: 100 * time.Millisecond,
			ReplicaFetchBackoff: 50 * time.Millisecond, ReplicaFetchMaxBytes: 10 << 20,
			PeerTimeout: time.Second, SessionTimeout: session,
			HeartbeatInterval: 200 * time.Millisecond, RaftTick: 20 * time.Millisecond,
			HWCheckpointInterval: 500 * time.Millisecond, RetentionInterval: time.Minute,
			ProducerExpiry: 24 * time.Hour, SnapshotEvery: o.snapshotEvery, Mutants: o.mutants,
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
	n := w.nodes[id]
	n.core, n.inbox, n.paused = nil, nil, false
	n.life++
}

// crash ends a node as a power loss does: what was not synced is gone.
func (w *world) crash(id model.NodeID) {
	w.kill(id)
	w.nodes[id].fs.Crash()
	w.watch.Crashed(id)
}

// resume lets a paused node take what has come meanwhile.
func (w *world) resume(id model.NodeID) {
	n := w.nodes[id]
	n.paused = false
	inbox := n.inbox
	n.inbox = nil
	for _, in := range inbox {
		if n.core != nil {
			w.step(n, in)
		}
	}
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

// brokers are those that are up.
func (w *world) brokers() []invariant.Broker {
	var up []invariant.Broker
	for _, id := range w.order {
		if core := w.nodes[id].core; core != nil {
			up = append(up, core)
		}
	}
	return up
}

func (w *world) step(n *worldNode, in Input) {
	if n.paused {
		n.inbox = append(n.inbox, in)
		return
	}
	fmt.Fprintf(w.hash, "%d %d > %s\n", w.now, n.id, in)
	core := n.core
	effects := core.Step(model.Time{Mono: w.now, Wall: wallBase + (w.now + n.ahead).Milliseconds()}, in)
	w.watch.InOffice(n.id, n.life, core.InOffice(), w.now)
	w.watch.Observe(n.life, core)
	for _, e := range effects {
		fmt.Fprintf(w.hash, "%d %d < %s\n", w.now, n.id, e)
		w.carryOut(n, e)
	}
}

func (w *world) carryOut(n *worldNode, e Effect) {
	switch e := e.(type) {
	case Reply:
		w.watch.Answered(n.id, e.Call.Request, e.Response)
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
		w.watch.SentRaft(n.id, e.Payload)
		w.transmit(message{from: n.id, to: e.To, kind: "raft"}, func() {
			if to := w.nodes[e.To]; to.core != nil {
				w.step(to, RaftMessage{Payload: e.Payload})
			}
		}, func() {})
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
