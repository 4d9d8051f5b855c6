// Package wire speaks the Kafka protocol: framing, version ranges, and one
// handler file per API key, on kmsg. A handler translates between the protocol
// and the broker's own words; it decides nothing about replication. Handlers
// run inside the deterministic core: no I/O, no clock, no goroutine.
package wire

import "github.com/twmb/franz-go/pkg/kmsg"

// ConnID names a connection to this broker.
type ConnID uint64

// Call is one request on its way to an answer.
type Call struct {
	Conn ConnID
	// Seq is the request's position on its connection, from 0.
	Seq           uint64
	CorrelationID int32
	ClientID      string
	// Listener is the name of the listener the connection came in on.
	Listener string
	Request  kmsg.Request
}
