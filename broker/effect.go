package broker

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/broker/wire"
)

// Effect is one thing that a broker wants done. The driver carries effects out
// in their order.
type Effect interface {
	fmt.Stringer
	effect()
}

// Reply answers a request. Replies of a connection may come in another order
// than its requests: the driver writes them in the order of Seq. A nil Response
// is the answer to acks=0: nothing is written.
type Reply struct {
	Call     *wire.Call
	Response kmsg.Response
}

// CloseConn closes a client's connection: the only way to tell an acks=0
// producer about an error.
type CloseConn struct{ Conn wire.ConnID }

// Lane separates requests to a peer that must not wait behind each other: each
// lane is a connection of its own.
type Lane uint8

// Replica fetches park at the leader for a while; control requests do not.
const (
	ControlLane Lane = iota
	FetchLane
)

// Send sends a request to another broker; a PeerResponse with the same Token
// follows within Timeout.
type Send struct {
	To      model.NodeID
	Lane    Lane
	Token   uint64
	Request kmsg.Request
	Timeout time.Duration
}

// SendRaft sends a message of the metadata quorum, at most once and without an
// answer. Messages to one node keep their order unless they are lost.
type SendRaft struct {
	To      model.NodeID
	Payload []byte
}

// Sync makes files, and the directory entries of Dirs, durable. A SyncDone with
// the same Token follows. The driver runs it off the core's path.
type Sync struct {
	Token uint64
	Files []storage.File
	Dirs  []string
}

// WakeAt asks for a Tick at the given monotonic time; it replaces the one
// before.
type WakeAt struct{ At time.Duration }

// Trace is a protocol event worth showing: a role change, a truncation, an ISR
// change. Text is a short logfmt line.
type Trace struct{ Text string }

// Exit ends the broker: nil after a controlled shutdown, else the failure that
// it cannot go on with.
type Exit struct{ Err error }

func (Reply) effect()     {}
func (CloseConn) effect() {}
func (Send) effect()      {}
func (SendRaft) effect()  {}
func (Sync) effect()      {}
func (WakeAt) effect()    {}
func (Trace) effect()     {}
func (Exit) effect()      {}

func (e Reply) String() string {
	return fmt.Sprintf("reply conn=%d seq=%d", e.Call.Conn, e.Call.Seq)
}
func (e CloseConn) String() string { return fmt.Sprintf("close-conn conn=%d", e.Conn) }
func (e Send) String() string {
	return fmt.Sprintf("send to=%d token=%d %s", e.To, e.Token, kmsg.NameForKey(e.Request.Key()))
}
func (e SendRaft) String() string {
	return fmt.Sprintf("send-raft to=%d bytes=%d", e.To, len(e.Payload))
}
func (e Sync) String() string   { return fmt.Sprintf("sync token=%d files=%d", e.Token, len(e.Files)) }
func (e WakeAt) String() string { return fmt.Sprintf("wake-at %s", e.At) }
func (e Trace) String() string  { return "trace " + e.Text }
func (e Exit) String() string   { return fmt.Sprintf("exit err=%v", e.Err) }
