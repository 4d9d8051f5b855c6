package checker

import (
	"fmt"
	"slices"
	"time"

	"github.com/ackproof/ackproof/harness/history"
)

// Promise is what a run's configuration promised under the faults that the run
// really had. Phantoms and aborted reads are promised never to happen, and acks
// never to be given below min.insync.replicas, by any configuration; all else
// hangs on durability, since a record that may be lost may also have been read
// before, and its offset may be given out again.
type Promise struct {
	Durability bool   `json:"durability"`
	Reason     string `json:"reason"`
}

// Kinds of fault that leave a replica's disk whole, so that acks=all covers
// them: the page cache survives a killed process.
var sparesDisks = []string{"partition", kill, "pause", clock, "delay", "loss", "reset", "reorder"}

// kill ends a replica's process, and wipe takes its data too. A clock fault
// changes what a broker takes for the date: nothing may hang on that.
const (
	kill  = "kill"
	wipe  = "wipe"
	clock = "clock"
)

// recovery bounds, generously, how long after a fault was healed its replicas
// are back in the ISR, and after a replica's death it is out of it.
const recovery = 10 * time.Second

// promised follows the protocol's words: a record acked with acks=all was on
// at least min.insync.replicas disks, and only one of them may lead next,
// unless unclean election lets anybody. So it is safe while fewer disks than
// that are lost, and none of them was the last in the ISR: without eligible
// leader replicas (KIP-966) the ISR never gets empty, and its last member leads
// again with whatever it has.
func promised(c history.Config, faults []fault, replicas []int) Promise {
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
	if w, other := lastOfISR(faults, replicas); w != nil {
		return Promise{Reason: fmt.Sprintf("nodes %v lost their data at %s, when the %s of nodes %v (%s to %s) may have left "+
			"no other replica in the ISR: its last member leads again with an empty disk (KIP-966)",
			w.nodes, seconds(w.began), other.kind, other.nodes, seconds(other.began), other.until())}
	}
	return Promise{Durability: true, Reason: fmt.Sprintf(
		"acks=all min.isr=%d without unclean election promises durability while fewer than %d replicas lose their data, "+
			"and the others are in the ISR then", minISR, minISR)}
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

// lastOfISR returns a wipe, and the fault beside it that may have taken the
// other replicas out of the ISR before the wiped ones were; or nil.
func lastOfISR(faults []fault, replicas []int) (w, other *fault) {
	for i := range faults {
		if w = &faults[i]; w.kind != wipe {
			continue
		}
		for j := range faults {
			if other = &faults[j]; i != j && other.near(w) && other.shrinks(replicas, w.nodes) {
				return w, other
			}
		}
	}
	return nil, nil
}

// near says whether a fault was in force when the nodes of a wipe died, or so
// close to it that its replicas may have been out of the ISR then, or while
// they were down, or before they can be known to be out of it themselves.
func (f *fault) near(w *fault) bool {
	unsettled := w.began + int64(recovery)
	return f.began <= max(w.healed, unsettled) && (f.healed == never || f.healed+int64(recovery) >= w.began)
}

// shrinks says whether a fault can take a replica other than spared out of the
// ISR. One that kills takes its nodes only, a clock fault nobody. A partition has two sides, and a
// leader or controller that was cut off or stopped may take the others for gone:
// these reach beyond the nodes they name. Where no replica is known, each node
// is one.
func (f *fault) shrinks(replicas, spared []int) bool {
	switch f.kind {
	case clock:
		return false
	case kill, wipe:
	default:
		return true
	}
	return slices.ContainsFunc(f.nodes, func(node int) bool {
		return !slices.Contains(spared, node) && (len(replicas) == 0 || slices.Contains(replicas, node))
	})
}

// until is the time at which a fault was healed, in print.
func (f *fault) until() string {
	if f.healed == never {
		return "the end"
	}
	return seconds(f.healed)
}
