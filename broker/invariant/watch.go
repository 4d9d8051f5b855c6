package invariant

import (
	"fmt"
	"time"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
)

// Broker is a broker between two of its steps.
type Broker interface {
	ID() model.NodeID
	Image() *controller.Image
	// EachReplica visits the replicas that it holds; none if it has stopped.
	EachReplica(visit func(model.TopicID, *partition.Partition))
}

// Options say what is promised.
type Options struct {
	// Flushes says that the brokers flush before they acknowledge.
	Flushes bool
	// Session is how long a broker may be silent; 0 if nobody is told of time.
	Session time.Duration
	// ClientsAlone says nothing: a planted bug is to be found by clients alone.
	ClientsAlone bool
}

// Watch watches the brokers of a cluster. It ends with the first step that breaks
// an invariant, since what follows may be a consequence.
type Watch struct {
	options  Options
	nodes    map[model.NodeID]*node
	logs     map[logName]*log
	metadata metadata
	problems []Problem

	at    *node // whose replicas are visited
	visit func(model.TopicID, *partition.Partition)
	// changed logs have a new state in the metadata.
	changed []*log
}

// node is a broker and the replicas it was seen with.
type node struct {
	id   model.NodeID
	life int
	// index of the metadata that it has applied.
	index uint64
	// epoch of its newest registration, and whether that is fenced, as of the newest
	// metadata.
	epoch  model.BrokerEpoch
	fenced bool
	office office
	// views are of its replicas in the order in which it visits them.
	views   []*view
	visited int
	// clockSet says that its wall clock was set: it may have forgotten producers.
	clockSet bool
	// voter is its part in the metadata quorum.
	voter voter
}

type logName struct {
	topic     model.TopicID
	partition int32
}

// log is a topic partition, with all of its replicas.
type log struct {
	views []*view
	// truth is the controller's word, as of the newest metadata that any broker
	// has applied; nil before that.
	truth *controller.Partition
	// leaders by leader epoch, NoNode for one without.
	leaders   map[model.Epoch]model.NodeID
	committed ledger
	producers sequences // at the end of committed
	// deleted is set once a replica has deleted records, or was given none of those
	// that its leader had deleted: it may not know their producers.
	deleted bool
	// forgiven is set once something may be lost that was committed.
	forgiven bool
}

// New makes a watch over a cluster in which nothing has happened yet.
func New(o Options) *Watch {
	w := &Watch{options: o, nodes: map[model.NodeID]*node{}, logs: map[logName]*log{}, metadata: newMetadata()}
	w.visit = w.visitReplica
	return w
}

// Problems are the invariants that the first step which broke any has broken.
func (w *Watch) Problems() []Problem { return w.problems }

// Observe looks at a broker after a step. Life is another number each time that
// it boots.
func (w *Watch) Observe(life int, b Broker) {
	if w.over() {
		return
	}
	n := w.node(b.ID())
	if n.life != life {
		n.begin(life)
	}
	w.observeMetadata(n, b.Image())
	w.at, n.visited = n, 0
	b.EachReplica(w.visit)
	n.views = n.views[:n.visited]
	w.checkChanged()
}

// begin is that of another life, which has applied nothing yet and holds nothing.
func (n *node) begin(life int) {
	n.life, n.index, n.views = life, 0, n.views[:0]
	n.voter.before = n.voter.term
}

// checkChanged looks at the logs that the controller has changed: after their
// replicas, of which those of this broker may have changed with them.
func (w *Watch) checkChanged() {
	for _, l := range w.changed {
		w.checkISR(l)
	}
	w.changed = w.changed[:0]
}

// over tells that there is nothing to watch any more.
func (w *Watch) over() bool { return w.options.ClientsAlone || len(w.problems) > 0 }

func (w *Watch) node(id model.NodeID) *node {
	n := w.nodes[id]
	if n == nil {
		n = &node{id: id}
		w.nodes[id] = n
	}
	return n
}

func (w *Watch) log(name logName) *log {
	l := w.logs[name]
	if l == nil {
		l = &log{leaders: map[model.Epoch]model.NodeID{}, producers: sequences{}}
		w.logs[name] = l
	}
	return l
}

// view is what a node's replica looked like after the last step, across its
// lives: its log outlives them.
func (l *log) view(n *node, name model.TopicPartition) *view {
	for _, v := range l.views {
		if v.node == n {
			return v
		}
	}
	v := &view{node: n, log: l, name: name, life: -1}
	l.views = append(l.views, v)
	return v
}

func (w *Watch) visitReplica(topic model.TopicID, p *partition.Partition) {
	n := w.at
	if n.visited == len(n.views) || n.views[n.visited].replica != p {
		v := w.log(logName{topic, p.Name().Partition}).view(n, p.Name())
		v.replica = p
		n.views = append(n.views[:n.visited], v)
	}
	v := n.views[n.visited]
	n.visited++
	w.observeReplica(v, lookAt(p))
}

func (w *Watch) fault(class Class, format string, args ...any) {
	w.problems = append(w.problems, Problem{class, fmt.Sprintf(format, args...)})
}
