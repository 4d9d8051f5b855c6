package checker

import (
	"fmt"

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

// promised follows the protocol's words: a record acked with acks=all is on the disk of
// each member of the ISR, and only one of them may lead next, unless unclean
// election lets anybody. So it is safe while not all of them are lost. Who was a
// member when disks were lost, nothing that a history says of faults can tell: bad
// weather or a starved machine takes replicas out of the ISR, too. It was seen, or nothing
// is promised.
func (r *run) promised() Promise {
	c := r.config
	switch {
	case c.Acks != "all":
		return Promise{Reason: fmt.Sprintf("acks=%s promises nothing when a leader is lost", c.Acks)}
	case c.RetentionBytes > 0:
		return Promise{Reason: fmt.Sprintf("retention deletes what is beyond %d bytes, read or not", c.RetentionBytes)}
	case c.UncleanElection:
		return Promise{Reason: "unclean leader election may elect a replica that lacks acked records"}
	}
	for _, p := range r.partitions {
		w := watched{sightings: r.sightings[partitionKey{p.topic, p.id}], left: map[*fault]int{}}
		for i := range r.faults {
			f := &r.faults[i]
			if !f.takesData(c) || !r.concerns(f, p) {
				continue
			}
			if why := w.survives(f, f.settled(r.faults)); why != "" {
				return Promise{Reason: fmt.Sprintf("nodes %v lost their data at %s, and may have been all that was left of the ISR of %s: %s",
					f.nodes, seconds(f.began), p, why)}
			}
		}
	}
	return Promise{Durability: true, Reason: "acks=all without unclean election promises durability " +
		"while not all of an ISR lose their data at once, and none was seen to"}
}

// takesData says whether a fault may have taken acked records from a disk.
func (f *fault) takesData(c history.Config) bool {
	return f.kind == wipe || f.kind == power && c.Flush != flushedBeforeAck
}

// concerns says whether a loss of data can show in p: it had nothing to lose before the
// first send, and if it was deleted before the lost were back, nobody read of them.
func (r *run) concerns(f *fault, p *partition) bool {
	return len(p.sends) > 0 && r.sends[p.sends[0]].invoked <= f.began && f.healing <= p.deleting
}
