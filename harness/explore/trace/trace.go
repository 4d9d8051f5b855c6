// Package trace tells a simulation as a sequence that people read: who sent what
// to whom, epochs, high watermarks, ISRs, truncations, faults, and what clients
// were told; one line each, in the style of the broker's scripts.
//
// It promises that looking changes nothing. It leaves out what is idle:
// heartbeats, empty fetches, ticks, the quorum's own messages, and an answer that
// is the same as the one before.
package trace

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/invariant"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/harness/cluster/sim"
)

// Line is one thing that happens.
type Line struct {
	sim.At
	Who       string // "node 1", or one of the names below
	Nodes     []int  // that it is about
	Partition int32  // that it is about; NoPartition if it is about none
	Text      string
}

// NoPartition is that of a line which is about no partition.
const NoPartition int32 = -1

func (l Line) String() string {
	return fmt.Sprintf("%9.4fs  %-7s  %s", float64(l.Time)/1e9, l.Who, l.Text)
}

// Numbered is the line with the number of its event before it.
func (l Line) Numbered() string { return fmt.Sprintf("%7d %v", l.Event, l) }

// Until is the end of a trace: no line after the event, nor after the time, as lines
// show it; 0 is no limit.
type Until struct {
	Event uint64
	Time  time.Duration
}

// shownTime is the precision in which lines show their time.
const shownTime = 100 * time.Microsecond

func (u Until) before(l Line) bool {
	return u.Event > 0 && l.Event > u.Event || u.Time > 0 && time.Duration(l.Time).Round(shownTime) > u.Time
}

// Filter says which lines are wanted. The zero value wants those that are not
// idle.
type Filter struct {
	All       bool // those that are idle, too
	Until     Until
	Node      int   // only what this node takes part in, and faults; 0 is any
	Partition int32 // only this one, and what is about none; NoPartition is any
}

func (f Filter) wants(l Line) bool {
	switch {
	case f.Until.before(l):
		return false
	case f.Node > 0 && l.Who != Nemesis && l.Who != Stage && !slices.Contains(l.Nodes, f.Node):
		return false
	}
	return f.Partition == NoPartition || l.Partition == NoPartition || l.Partition == f.Partition
}

// Trace is a sim.Tracer that tells lines.
type Trace struct {
	filter Filter
	tell   func(Line)
	nodes  map[int]*node
	topics map[model.TopicID]string
	// What the metadata quorum had decided when it was last looked at.
	index      uint64
	brokers    map[model.NodeID]*controller.Broker
	partitions map[model.TopicPartition]*controller.Partition
	fault      string            // that was told last
	ends       map[string]string // what clients were last told of a partition's end
	// came is the lines about what has just come in to a broker: some can only be
	// finished once it has taken that.
	came     []Line
	produced []produced
}

var _ sim.Tracer = (*Trace)(nil)

// node is what was last seen of a broker, in one life of it.
type node struct {
	controls bool
	asked    map[uint64]broker.Send // that no answer has come to
	replicas map[string]broker.PartitionStatus
	said     map[string]string // so that nothing is said twice in a row
}

// New makes a tracer that tells the lines which f wants.
func New(f Filter, tell func(Line)) *Trace {
	return &Trace{
		filter: f, tell: tell, nodes: map[int]*node{}, topics: map[model.TopicID]string{},
		brokers: map[model.NodeID]*controller.Broker{}, partitions: map[model.TopicPartition]*controller.Partition{},
		ends: map[string]string{},
	}
}

func (t *Trace) node(id int) *node {
	n := t.nodes[id]
	if n == nil {
		n = &node{asked: map[uint64]broker.Send{}, replicas: map[string]broker.PartitionStatus{}, said: map[string]string{}}
		t.nodes[id] = n
	}
	return n
}

// add adds a line about a node.
func (t *Trace) add(at sim.At, partition int32, peer model.NodeID, format string, args ...any) {
	l := Line{
		At: at, Who: fmt.Sprintf("node %d", at.Node), Nodes: []int{at.Node}, Partition: partition,
		Text: fmt.Sprintf(format, args...),
	}
	if peer > 0 {
		l.Nodes = append(l.Nodes, int(peer))
	}
	t.came = append(t.came, l)
}

// addOnce is add, unless the last thing said on the subject was the same.
func (t *Trace) addOnce(at sim.At, subject string, partition int32, peer model.NodeID, format string, args ...any) {
	said := t.node(at.Node).said
	if text := fmt.Sprintf(format, args...); said[subject] != text {
		said[subject] = text
		t.add(at, partition, peer, "%s", text)
	}
}

// idle appends a line that is only told if all are wanted.
func (t *Trace) idle(at sim.At, text fmt.Stringer) {
	if t.filter.All {
		t.add(at, NoPartition, 0, "%s", text)
	}
}

// flush tells the lines that were added.
func (t *Trace) flush() {
	for _, l := range t.came {
		if t.filter.wants(l) {
			t.tell(l)
		}
	}
	t.came, t.produced = t.came[:0], t.produced[:0]
}

// Machine implements sim.Tracer.
func (t *Trace) Machine(at sim.At, what string) {
	delete(t.nodes, at.Node)
	t.add(at, NoPartition, 0, "%s", what)
	t.flush()
}

// Broken implements sim.Tracer.
func (t *Trace) Broken(at sim.At, p invariant.Problem) {
	t.add(at, NoPartition, 0, "BROKEN: %s: %s", p.Class, p.Text)
	t.flush()
}

// Stepped implements sim.Tracer.
func (t *Trace) Stepped(at sim.At, core *broker.Core) {
	status := core.Status()
	t.finishProduced(status)
	t.decided(at, core.Image())
	t.moved(at, status)
	t.flush()
}

// moved tells what a step changed in a broker, beyond what it says itself.
func (t *Trace) moved(at sim.At, now broker.Status) {
	n := t.node(at.Node)
	if n.controls != now.IsController {
		n.controls = now.IsController
		word := "controls"
		if !n.controls {
			word = "controls no more"
		}
		t.add(at, NoPartition, 0, "%s", word)
	}
	for _, p := range now.Partitions {
		name := nameOf(p.Topic, p.Partition)
		before, known := n.replicas[name]
		n.replicas[name] = p
		if known && p.IsLeader && before.IsLeader && before.HW != p.HW {
			t.add(at, p.Partition, 0, "hw %s %d -> %d", name, before.HW, p.HW)
		}
	}
}

func nameOf(topic string, partition int32) string {
	return model.TopicPartition{Topic: topic, Partition: partition}.String()
}

// partitionIn finds the partition in a broker's logfmt line.
func partitionIn(text string) int32 {
	_, name, found := strings.Cut(text, "partition=")
	name, _, _ = strings.Cut(name, " ")
	number := NoPartition
	if dash := strings.LastIndexByte(name, '-'); found && dash >= 0 {
		if _, err := fmt.Sscan(name[dash+1:], &number); err != nil {
			return NoPartition
		}
	}
	return number
}
