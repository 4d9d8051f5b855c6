package workloads

import (
	"fmt"
	"time"

	"github.com/ackproof/ackproof/harness/history"
)

// Op is one operation of a worker, planned. The operations of a run are data, as
// its faults are: written down they can be performed again, and one can be left
// out without a change to the others.
type Op struct {
	// At is when it is to begin, since the workload's start.
	At Millis `json:"at_ms"`
	// Worker performs it: "producer P/L" is lane L of producer P, "consumer C"
	// "prober P" and "tenant T" are one worker each. All are counted from 0.
	Worker string `json:"worker"`
	// F is what it does: Send for a producer, Poll or Move for a consumer,
	// EndOffset or Read for a prober, Create, Send, Read or Delete for a tenant.
	F string `json:"f"`
	// Partition is where.
	Partition int32 `json:"partition"`
	// Back is how many records before the position of a consumer there a Move
	// seeks, and how many before the end that a prober knows of a Read reads.
	Back int64 `json:"back,omitempty"`
	// Lead is the node that is to lead a topic that is made by Create: the first of
	// its replicas. 0 leaves them to the cluster.
	Lead int `json:"lead,omitempty"`
}

// What an Op does.
const (
	// Send appends a value that was never sent before.
	Send = history.Send
	// Poll reads on in the partition, from the position that the consumer has
	// there; it is assigned first where it was elsewhere.
	Poll = history.Poll
	// Move assigns the consumer to the partition, Back records before its
	// position there. Records that were read once must read the same again.
	Move = "move"
	// EndOffset asks one broker after another for the end of the partition.
	EndOffset = history.EndOffset
	// Read reads the tail of the partition, of one broker after another; a tenant
	// reads all of its topic.
	Read = "read"
	// Create makes a tenant's topic, and Delete deletes it, after what it must hold was
	// read, as far as that could be had in time.
	Create = history.CreateTopic
	Delete = history.DeleteTopic
)

// Millis is a span in milliseconds, as plans store it.
type Millis int64

// Duration converts to Go's unit.
func (m Millis) Duration() time.Duration { return time.Duration(m) * time.Millisecond }

func millis(d time.Duration) Millis { return Millis(d.Milliseconds()) }

func producerName(producer, lane int) string { return fmt.Sprintf("producer %d/%d", producer, lane) }
func consumerName(consumer int) string       { return fmt.Sprintf("consumer %d", consumer) }
func proberName(prober int) string           { return fmt.Sprintf("prober %d", prober) }
func tenantName(tenant int) string           { return fmt.Sprintf("tenant %d", tenant) }
