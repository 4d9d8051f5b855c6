package broker

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/wire"
)

// Input is one thing that happens to a broker. The driver feeds inputs to
// Core.Step one at a time.
type Input interface {
	fmt.Stringer
	input()
}

// Request is a decoded request of a client or of another broker.
type Request struct{ Call *wire.Call }

// RaftMessage is a message of the metadata quorum from another broker.
type RaftMessage struct{ Payload []byte }

// PeerResponse answers a Send effect. Err is set instead of Response when the
// connection failed or the timeout passed: the request may or may not have been
// executed.
type PeerResponse struct {
	Token    uint64
	Response kmsg.Response
	Err      error
}

// SyncDone answers a Sync effect.
type SyncDone struct {
	Token uint64
	Err   error
}

// Tick lets timeouts pass; the driver sends one at the time of the last
// WakeAt effect, and may send more.
type Tick struct{}

// Shutdown asks for a controlled shutdown: leaderships are handed over, then
// an Exit effect follows.
type Shutdown struct{}

func (Request) input()      {}
func (RaftMessage) input()  {}
func (PeerResponse) input() {}
func (SyncDone) input()     {}
func (Tick) input()         {}
func (Shutdown) input()     {}

func (i Request) String() string {
	return fmt.Sprintf("request conn=%d seq=%d %s v%d", i.Call.Conn, i.Call.Seq,
		kmsg.NameForKey(i.Call.Request.Key()), i.Call.Request.GetVersion())
}
func (i RaftMessage) String() string { return fmt.Sprintf("raft-message bytes=%d", len(i.Payload)) }
func (i PeerResponse) String() string {
	if i.Err != nil {
		return fmt.Sprintf("peer-response token=%d err", i.Token)
	}
	return fmt.Sprintf("peer-response token=%d %s", i.Token, kmsg.NameForKey(i.Response.Key()))
}
func (i SyncDone) String() string {
	return fmt.Sprintf("sync-done token=%d ok=%t", i.Token, i.Err == nil)
}
func (Tick) String() string     { return "tick" }
func (Shutdown) String() string { return "shutdown" }
