package broker

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// TestScripts runs the protocol's scenarios in testdata/. Each file is a
// scenario: its first lines say what it shows.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &script{t: t}
		fixRaftJitter(t, 1)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.t = t
			return s.run(d) + s.problems()
		})
	})
}

// script is a scenario under way.
type script struct {
	t       *testing.T
	w       *world
	pending []string   // answers that came since the last look
	mutants mutant.Set // of every cluster that the script makes
	inside  bool       // see worldOptions
	// lastProducer is the producer id that was given last.
	lastProducer int64
}

// problems tells what contradicts the protocol, wherever it came up.
func (s *script) problems() string {
	if s.w == nil {
		return ""
	}
	text := ""
	for _, p := range s.w.watch.Problems() {
		text += "\nBROKEN: " + p.String()
	}
	return text
}

type command func(*script, *datadriven.TestData) string

var commands map[string]command

func init() {
	commands = map[string]command{
		"cluster": (*script).cluster, "topic": (*script).topic, "delete-topic": (*script).deleteTopic,
		"prefer": (*script).prefer, "config": (*script).config, "controller": (*script).whoControls,
		"produce": (*script).produce, "read": (*script).read, "end-offset": (*script).endOffset,
		"producer-id": (*script).producerID, "log": (*script).log,
		"run": (*script).runFor, "settle": (*script).settle, "status": (*script).status,
		"hold": (*script).hold, "release": (*script).release, "lose": (*script).lose, "stop-holding": (*script).stopHolding,
		"clean-start": (*script).cleanStart, "clock": (*script).clock,
		"controllers": (*script).controllers, "brokers": (*script).brokers,
		"fill": (*script).fill, "verify": (*script).verify, "tear": (*script).tear,
		"cut": (*script).cut, "heal": (*script).heal, "disk": (*script).disk,
		"kill":       eachNode(func(w *world, id model.NodeID) { w.kill(id) }),
		"crash":      eachNode(func(w *world, id model.NodeID) { w.crash(id) }),
		"crash-torn": eachNode(func(w *world, id model.NodeID) { w.crashTorn(id) }),
		"wipe":       eachNode(func(w *world, id model.NodeID) { w.wipe(id) }),
		"boot":       eachNode(func(w *world, id model.NodeID) { w.boot(id) }),
		"pause":      eachNode(func(w *world, id model.NodeID) { w.nodes[id].paused = true }),
		"resume":     eachNode(func(w *world, id model.NodeID) { w.resume(id) }),
		"shutdown":   eachNode(func(w *world, id model.NodeID) { w.step(w.nodes[id], Shutdown{}) }),
	}
}

func (s *script) run(d *datadriven.TestData) string {
	do, ok := commands[d.Cmd]
	if !ok {
		d.Fatalf(s.t, "unknown command %q", d.Cmd)
	}
	return do(s, d)
}

// runFor lets ms=N pass, and shows the answers that came.
func (s *script) runFor(d *datadriven.TestData) string {
	var ms int
	d.ScanArgs(s.t, "ms", &ms)
	s.w.run(time.Duration(ms) * time.Millisecond)
	return s.answers()
}

func (s *script) settle(*datadriven.TestData) string {
	s.w.run(2 * time.Second)
	return s.answers() + s.w.status()
}

func (s *script) status(*datadriven.TestData) string { return s.w.status() }

func (s *script) cluster(d *datadriven.TestData) string {
	o := worldOptions{nodes: 3, flush: FlushNever, minISR: 1, mutants: s.mutants, inside: s.inside}
	for _, arg := range d.CmdArgs {
		var err error
		switch arg.Key {
		case "nodes":
			o.nodes, err = strconv.Atoi(arg.Vals[0])
		case "flush":
			o.flush = FlushPolicy(arg.Vals[0])
		case "mutant":
			o.mutants, err = mutant.Parse(arg.Vals[0])
		case "min-isr":
			o.minISR, err = strconv.Atoi(arg.Vals[0])
		case "unclean":
			o.unclean = true
		case "lag-ms":
			o.lagMS, err = strconv.Atoi(arg.Vals[0])
		case "snapshot-every":
			o.snapshotEvery = uint64(mustInt(s.t, arg.Vals[0]))
		case "seed": // draws another election, and so another controller
			fixRaftJitter(s.t, uint64(mustInt(s.t, arg.Vals[0])))
		default:
			d.Fatalf(s.t, "unknown argument %q", arg.Key)
		}
		require.NoError(s.t, err)
	}
	s.w = newWorld(o)
	return s.awaitUnfenced(o.nodes) + fmt.Sprintf(", %d controls", s.controller())
}

func (s *script) awaitUnfenced(nodes int) string {
	ready := s.w.runUntil(20*time.Second, func() bool {
		for _, id := range s.w.order {
			if s.w.nodes[id].core == nil || s.w.nodes[id].core.Status().Fenced {
				return false
			}
		}
		return true
	})
	if !ready {
		return fmt.Sprintf("not ready: exits=%v", s.w.exits)
	}
	s.w.run(100 * time.Millisecond)
	return fmt.Sprintf("%d brokers unfenced", nodes)
}

func (s *script) answers() string {
	out := strings.Join(s.pending, "\n")
	s.pending = nil
	if out != "" {
		out += "\n"
	}
	return out
}

func mustInt(t *testing.T, s string) int {
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}
