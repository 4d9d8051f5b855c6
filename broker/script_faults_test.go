package broker

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

// cut 1->2 2->1 cuts links; cut node=1 isolates a node.
func (s *script) cut(d *datadriven.TestData) string {
	for _, arg := range d.CmdArgs {
		if arg.Key == "node" {
			s.w.isolate(model.NodeID(mustInt(s.t, arg.Vals[0])))
			continue
		}
		from, to := s.link(arg.Key)
		s.w.net.cut[[2]model.NodeID{from, to}] = true
	}
	return "ok"
}

// link reads 1->2.
func (s *script) link(text string) (from, to model.NodeID) {
	a, b, ok := strings.Cut(text, "->")
	require.True(s.t, ok, "a link is 1->2, got %q", text)
	return model.NodeID(mustInt(s.t, a)), model.NodeID(mustInt(s.t, b))
}

func (s *script) heal(*datadriven.TestData) string {
	s.w.heal()
	return "ok"
}

// message reads "2->1 fetch" or "answer 1->2 fetch".
func (s *script) message(d *datadriven.TestData) message {
	args := d.CmdArgs
	m := message{answer: args[0].Key == "answer"}
	if m.answer {
		args = args[1:]
	}
	m.from, m.to = s.link(args[0].Key)
	m.kind = args[1].Key
	return m
}

// hold 2->1 fetch keeps such messages on their way until release or lose.
func (s *script) hold(d *datadriven.TestData) string {
	s.w.hold(s.message(d))
	return "ok"
}

// stop-holding lets new messages pass; those held stay held.
func (s *script) stopHolding(d *datadriven.TestData) string {
	s.w.stopHolding(s.message(d))
	return "ok"
}

// clean-start node=1 tells what a broker thinks of its last life.
func (s *script) cleanStart(d *datadriven.TestData) string {
	var node int
	d.ScanArgs(s.t, "node", &node)
	l := s.w.nodes[model.NodeID(node)].core.lifecycle
	return fmt.Sprintf("clean=%t previous-epoch-known=%t", l.cleanStart, l.previousEpoch != model.NoBrokerEpoch)
}

func (s *script) release(d *datadriven.TestData) string {
	return fmt.Sprintf("%d delivered", s.w.letGo(s.message(d), false))
}

func (s *script) lose(d *datadriven.TestData) string {
	return fmt.Sprintf("%d lost", s.w.letGo(s.message(d), true))
}

// clock node=1 ahead-ms=3600000 sets a node's wall clock.
func (s *script) clock(d *datadriven.TestData) string {
	var node, ahead int
	d.ScanArgs(s.t, "node", &node)
	d.ScanArgs(s.t, "ahead-ms", &ahead)
	s.w.nodes[model.NodeID(node)].ahead = time.Duration(ahead) * time.Millisecond
	return "ok"
}

func eachNode(do func(*world, model.NodeID)) command {
	return func(s *script, d *datadriven.TestData) string {
		for _, arg := range d.CmdArgs {
			do(s.w, model.NodeID(mustInt(s.t, arg.Key)))
		}
		return "ok"
	}
}

// crashTorn is a power loss after which files have the length that was written,
// but of what was not synced no more than a batch's header.
func (w *world) crashTorn(id model.NodeID) {
	w.kill(id)
	w.nodes[id].fs.CrashTorn(func(_ string, synced, written []byte) []byte { return onlyHeader(synced, written) })
	w.watch.Crashed(id)
}

func (w *world) wipe(id model.NodeID) {
	w.kill(id)
	w.watch.Wiped(id)
	if err := w.nodes[id].fs.RemoveAll("/logs"); err != nil {
		panic(err)
	}
}

// disk node=1 fails the next operation of a kind, or lets n more bytes in.
func (s *script) disk(d *datadriven.TestData) string {
	var node int
	d.ScanArgs(s.t, "node", &node)
	fs := s.w.nodes[model.NodeID(node)].fs
	for _, arg := range d.CmdArgs[1:] {
		switch arg.Key {
		case "fail":
			fs.FailNext(storage.Op(arg.Vals[0]), errors.New("input/output error"))
		case "full":
			fs.FillUp(int64(mustInt(s.t, arg.Vals[0])))
		case "free":
			fs.FreeUp()
		default:
			d.Fatalf(s.t, "unknown argument %q", arg.Key)
		}
	}
	return "ok"
}
