package controller

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	randv2 "math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

const tick = 50 * time.Millisecond

// world runs a quorum in one thread: nodes on disks in memory, and a network
// that loses, cuts and keeps in order. One seed gives one run.
type world struct {
	t       *testing.T
	random  *randv2.Rand
	now     time.Duration
	voters  []model.NodeID
	nodes   map[model.NodeID]*testNode
	network []envelope
	cut     map[[2]model.NodeID]bool
	lossy   float64
	// slowSync holds fsyncs back until syncAll.
	slowSync bool
	adjust   func(*Config)

	events hash.Hash
	// leaders and images are what must be the same all over the cluster: who is
	// active in a term, and what the image is at an index.
	leaders map[uint64]model.NodeID
	images  map[uint64][32]byte
}

type testNode struct {
	id      model.NodeID
	fs      *storage.MemFS
	c       *Controller // nil while down
	pending []*SyncTicket
	changes Changes

	seen      *Image
	seenIndex uint64
}

type envelope struct {
	from, to model.NodeID
	payload  []byte
}

// newWorld replaces Raft's source of randomness, so tests that use it must not
// run in parallel.
func newWorld(t *testing.T, seed uint64, voters ...model.NodeID) *world {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	source := rand.Reader
	rand.Reader = randv2.NewChaCha8(key)
	t.Cleanup(func() { rand.Reader = source })
	w := &world{
		t: t, random: randv2.New(randv2.NewPCG(seed, 1)), voters: voters,
		nodes: map[model.NodeID]*testNode{}, cut: map[[2]model.NodeID]bool{},
		events: sha256.New(), leaders: map[uint64]model.NodeID{}, images: map[uint64][32]byte{},
		adjust: func(*Config) {},
	}
	for _, id := range voters {
		w.nodes[id] = &testNode{id: id, fs: storage.NewMemFS()}
	}
	return w
}

func (w *world) config(id model.NodeID) Config {
	cfg := Config{
		Self: id, Voters: w.voters, FS: w.nodes[id].fs, Dir: "data/quorum", TickInterval: tick,
		SessionTimeout: 40 * tick, SnapshotEvery: math.MaxUint64,
	}
	w.adjust(&cfg)
	return cfg
}

func (w *world) start(ids ...model.NodeID) {
	w.t.Helper()
	for _, id := range ids {
		c, err := Open(w.config(id))
		require.NoError(w.t, err)
		w.nodes[id].c = c
		w.drain(w.nodes[id])
	}
}

// crash is a power loss: what was not synced is gone.
func (w *world) crash(id model.NodeID) {
	n := w.nodes[id]
	n.c, n.pending = nil, nil
	n.fs.Crash()
}

// tear is a power loss in the middle of a write.
func (w *world) tear(id model.NodeID) {
	n := w.nodes[id]
	n.c, n.pending = nil, nil
	n.fs.CrashTorn(func(_ string, synced, written []byte) []byte {
		if len(written) <= len(synced) {
			return synced
		}
		return written[:len(synced)+w.random.IntN(len(written)-len(synced)+1)]
	})
}

// isolate cuts a node off in both directions.
func (w *world) isolate(id model.NodeID) {
	for _, other := range w.voters {
		w.cut[[2]model.NodeID{id, other}] = true
		w.cut[[2]model.NodeID{other, id}] = true
	}
}

func (w *world) heal() {
	clear(w.cut)
	w.lossy = 0
}

// drain polls a node until nothing is left to do.
func (w *world) drain(n *testNode) {
	w.t.Helper()
	for n.c != nil {
		out := n.c.Poll()
		require.NoError(w.t, out.Err)
		for _, m := range out.Messages {
			w.record(n.id, m.To, m.Payload)
			w.network = append(w.network, envelope{from: n.id, to: m.To, payload: m.Payload})
		}
		n.changes.add(out.Changes)
		w.observe(n)
		if out.Sync != nil {
			n.pending = append(n.pending, out.Sync)
			if !w.slowSync {
				w.sync(n)
			}
			continue
		}
		if !out.More {
			return
		}
	}
}

func (w *world) sync(n *testNode) {
	w.t.Helper()
	for _, ticket := range n.pending {
		for _, f := range ticket.Files {
			require.NoError(w.t, f.Sync())
		}
		n.c.Synced(ticket.ID, nil)
	}
	n.pending = nil
}

// term is the Raft term that the node is in.
func (n *testNode) term() uint64 { return n.c.node.BasicStatus().GetTerm() }

// observe checks what must hold all over the cluster, always.
func (w *world) observe(n *testNode) {
	w.t.Helper()
	if n.c.Active() {
		holder, known := w.leaders[n.term()]
		require.True(w.t, !known || holder == n.id, "nodes %d and %d are active in term %d", holder, n.id, n.term())
		w.leaders[n.term()] = n.id
	}
	image := n.c.Image()
	if image == n.seen && image.Index == n.seenIndex {
		return
	}
	n.seen, n.seenIndex = image, image.Index
	data, err := encodeImage(image)
	require.NoError(w.t, err)
	sum := sha256.Sum256(data)
	if known, ok := w.images[image.Index]; ok {
		require.Equal(w.t, known, sum, "node %d has another image at index %d", n.id, image.Index)
	}
	w.images[image.Index] = sum
	w.record(n.id, n.id, sum[:])
}

func (w *world) record(from, to model.NodeID, data []byte) {
	fmt.Fprintf(w.events, "%d %d %d %x\n", w.now, from, to, data)
}

// step lets one tick pass and delivers what is on the network.
func (w *world) step() {
	w.t.Helper()
	w.now += tick
	for _, id := range w.voters {
		if n := w.nodes[id]; n.c != nil {
			n.c.Tick(w.now)
			w.drain(n)
		}
	}
	w.deliver()
}

func (w *world) deliver() {
	w.t.Helper()
	for len(w.network) > 0 {
		e := w.network[0]
		w.network = w.network[1:]
		n := w.nodes[e.to]
		if n.c == nil || w.cut[[2]model.NodeID{e.from, e.to}] || w.random.Float64() < w.lossy {
			continue
		}
		require.NoError(w.t, n.c.Receive(e.payload))
		w.drain(n)
	}
}

// until steps until something holds, and fails if it never does.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	for range 2000 {
		if holds() {
			return
		}
		w.step()
	}
	require.Fail(w.t, "never came true: "+what)
}

// active waits for a controller that the rest of the cluster can reach.
func (w *world) active() *testNode {
	w.t.Helper()
	var found *testNode
	w.until("an active controller", func() bool {
		found = nil
		for _, id := range w.voters {
			n := w.nodes[id]
			if n.c != nil && n.c.Active() && !w.cutOff(id) {
				found = n
			}
		}
		return found != nil
	})
	return found
}

func (w *world) cutOff(id model.NodeID) bool {
	reaches := func(other model.NodeID) bool { return other != id && !w.cut[[2]model.NodeID{id, other}] }
	return len(w.voters) > 1 && !slices.ContainsFunc(w.voters, reaches)
}

// propose puts a command to a node and waits for the answer.
func (w *world) propose(n *testNode, cmd Command) Result {
	w.t.Helper()
	var result *Result
	n.c.Propose(w.now, cmd, func(r Result) { result = &r })
	w.drain(n)
	w.deliver()
	w.until("an answer", func() bool { return result != nil })
	return *result
}

// must proposes what has to succeed.
func (w *world) must(n *testNode, cmd Command) Result {
	w.t.Helper()
	result := w.propose(n, cmd)
	require.Equal(w.t, model.None, result.Code, result.Message)
	return result
}

// settle waits until every running node has applied the same.
func (w *world) settle() {
	w.t.Helper()
	w.until("equal images", func() bool {
		indexes := map[uint64]bool{}
		for _, id := range w.voters {
			if n := w.nodes[id]; n.c != nil {
				indexes[n.c.Image().Index] = true
			}
		}
		return len(indexes) == 1
	})
}

// register brings a broker up to live.
func (w *world) register(n *testNode, id model.NodeID) model.BrokerEpoch {
	w.t.Helper()
	epoch := w.must(n, nextLife(n, id, byte(w.now/tick%251))).BrokerEpoch
	w.must(n, Command{BrokerStateChange: &BrokerStateChange{ID: id, Epoch: epoch, To: Unfence}})
	return epoch
}

// nextLife registers a broker in place of whoever has its id.
func nextLife(n *testNode, id model.NodeID, incarnation byte) Command {
	command := registerCommand(id, incarnation)
	if b := n.c.Image().Brokers[id]; b != nil {
		command.RegisterBroker.Replaces = b.Epoch
	}
	return command
}

func registerCommand(id model.NodeID, incarnation byte) Command {
	return Command{RegisterBroker: &RegisterBroker{
		ID: id, Incarnation: [16]byte{incarnation}, PreviousEpoch: model.NoBrokerEpoch,
		Listeners: []Listener{{Name: "INSIDE", Host: "broker", Port: 9092}},
	}}
}

func createCommand(number byte, replicas ...model.NodeID) Command {
	return Command{CreateTopic: &CreateTopic{
		Name: fmt.Sprintf("topic-%d", number), ID: model.TopicID{number, 1}, Replicas: [][]model.NodeID{replicas},
	}}
}
