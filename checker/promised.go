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
// them: the page cache survives a killed process, also one that ended because it
// could not write.
var sparesDisks = []string{"partition", kill, stop, "pause", clock, elect, "delay", "loss", "reset", "reorder", "disk"}

// Kinds of fault that take from a replica's disk: wipe everything, power what was
// not synced.
var takesData = []string{wipe, power}

// kill ends a replica's process, and so do stop, wipe and power. A clock fault changes
// what a broker takes for the date: nothing may hang on that. An elect moves a
// leader, and the others go on following.
const (
	kill  = "kill"
	stop  = "stop"
	wipe  = "wipe"
	power = "power"
	clock = "clock"
	elect = "elect"
)

// flushedBeforeAck is the flush policy under which a replica has synced what it
// acks, so that power takes nothing of it.
const flushedBeforeAck = "before-ack"

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
	losses := dataLosses(c, faults)
	if nodes := lostAtOnce(losses); len(nodes) >= minISR {
		return Promise{Reason: fmt.Sprintf("nodes %v lost their data, and acks=all min.isr=%d covers the loss of %d",
			nodes, minISR, minISR-1)}
	}
	if w, other := lastOfISR(losses, faults, replicas); w != nil {
		return Promise{Reason: fmt.Sprintf("nodes %v lost their data at %s, when the %s of nodes %v (%s to %s) may have left "+
			"no other replica in the ISR: its last member leads again with the disk it has (KIP-966)",
			w.nodes, seconds(w.began), other.kind, other.nodes, seconds(other.began), other.until())}
	}
	return Promise{Durability: true, Reason: fmt.Sprintf(
		"acks=all min.isr=%d without unclean election promises durability while fewer than %d replicas lose their data, "+
			"and the others are in the ISR then", minISR, minISR)}
}

// dataLosses are the faults that may have taken acked records from a disk.
func dataLosses(c history.Config, faults []fault) []*fault {
	var found []*fault
	for i := range faults {
		if f := &faults[i]; f.kind == wipe || f.kind == power && c.Flush != flushedBeforeAck {
			found = append(found, f)
		}
	}
	return found
}

// lostAtOnce are the most nodes that lacked data at the same time, ascending. A
// number of windows that overlap do so where one of them begins.
func lostAtOnce(losses []*fault) (most []int) {
	for _, at := range losses {
		var nodes []int
		for _, f := range losses {
			if f.lacksData(at.began) {
				nodes = append(nodes, f.nodes...)
			}
		}
		slices.Sort(nodes)
		if nodes = slices.Compact(nodes); len(nodes) > len(most) {
			most = nodes
		}
	}
	return most
}

// lacksData says whether the nodes of a loss may lack what they had acked, at a
// time. What power took is little, and is fetched again like what was missed
// while a node was down. A wiped replica counts for all of the run, before and
// after: the history does not say when it was whole again, and an accusation must
// not rest on a guess.
func (f *fault) lacksData(at int64) bool {
	return f.kind == wipe || f.began <= at && (f.healed == never || at <= f.healed+int64(recovery))
}

// lastOfISR returns a loss of data, and the fault beside it that may have taken
// the other replicas out of the ISR before those who lost it were; or nil.
func lastOfISR(losses []*fault, faults []fault, replicas []int) (w, other *fault) {
	for _, w = range losses {
		for j := range faults {
			if other = &faults[j]; other != w && other.near(w) && other.shrinks(replicas, w.nodes) {
				return w, other
			}
		}
	}
	return nil, nil
}

// near says whether a fault was in force when the nodes of another died, or so
// close to it that its replicas may have been out of the ISR then, or while
// they were down, or before they can be known to be out of it themselves.
func (f *fault) near(w *fault) bool {
	unsettled := w.began + int64(recovery)
	return f.began <= max(w.healed, unsettled) && (f.healed == never || f.healed+int64(recovery) >= w.began)
}

// shrinks says whether a fault can take a replica other than spared out of the
// ISR. One that kills takes its nodes only, a clock fault and an elect nobody. A
// partition has two sides, and a leader or controller that was cut off or stopped,
// or waits for its disk, may take the others for gone: these reach beyond the
// nodes they name. Where no replica is known, each node is one.
func (f *fault) shrinks(replicas, spared []int) bool {
	switch f.kind {
	case clock, elect:
		return false
	case kill, stop, wipe, power:
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
