package checker

import (
	"fmt"
	"slices"

	"github.com/ackproof/ackproof/harness/history"
)

// Promise is what a run's configuration promised under the faults that the run
// really had. Phantoms and aborted reads are promised never to happen, by any
// configuration; all else hangs on durability, since a record that may be lost
// may also have been read before, and its offset may be given out again.
type Promise struct {
	Durability bool   `json:"durability"`
	Reason     string `json:"reason"`
}

// Kinds of fault that leave a replica's disk whole, so that acks=all covers
// them: the page cache survives a killed process.
var sparesDisks = []string{"partition", "kill", "pause"}

// wipe takes a replica's data.
const wipe = "wipe"

// promised follows the protocol's words: a record acked with acks=all was on
// at least min.insync.replicas disks, and only one of them may lead next,
// unless unclean election lets anybody. So it is safe until that many replicas
// have lost their data.
func promised(c history.Config, faults []fault) Promise {
	switch {
	case c.Acks != "all":
		return Promise{Reason: fmt.Sprintf("acks=%s promises nothing when a leader is lost", c.Acks)}
	case c.UncleanElection:
		return Promise{Reason: "unclean leader election may elect a replica that lacks acked records"}
	}
	minISR := max(c.MinISR, 1)
	wiped := wipedNodes(faults)
	if len(wiped) >= minISR {
		return Promise{Reason: fmt.Sprintf("nodes %v lost their data, and acks=all min.isr=%d covers the loss of %d",
			wiped, minISR, minISR-1)}
	}
	return Promise{Durability: true, Reason: fmt.Sprintf(
		"acks=all min.isr=%d without unclean election promises durability while fewer than %d replicas lose their data",
		minISR, minISR)}
}

// wipedNodes are those whose data was taken at any time in the run. Windows
// need not overlap: the history does not say when a wiped replica was whole
// again, and an accusation must not rest on a guess.
func wipedNodes(faults []fault) []int {
	var nodes []int
	for _, f := range faults {
		if f.kind == wipe {
			nodes = append(nodes, f.nodes...)
		}
	}
	slices.Sort(nodes)
	return slices.Compact(nodes)
}
