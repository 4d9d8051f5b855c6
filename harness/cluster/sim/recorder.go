package sim

import (
	"time"

	"github.com/ackproof/ackproof/harness/history"
)

// Recorder keeps a history in memory, in simulated time.
type Recorder struct {
	sim       *Cluster
	processes int
	Events    []history.Event
}

// NewRecorder makes a recorder of the simulation's time.
func (c *Cluster) NewRecorder() *Recorder { return &Recorder{sim: c} }

// Record appends an event, with Index and Time set, and returns it. Before a fault
// that takes data it looks at the ISRs, and after it.
func (r *Recorder) Record(e history.Event) history.Event {
	if r.sim.takesData(e) {
		r.sim.isrs.begin(r)
		defer r.sim.isrs.tellAll()
	}
	e.Index, e.Time = int64(len(r.Events)), int64(r.sim.now)
	r.Events = append(r.Events, e)
	r.sim.watch.recorded(r.sim, e)
	return e
}

// NextProcess returns a process id that was not used before.
func (r *Recorder) NextProcess() int {
	r.processes++
	return r.processes - 1
}

// At is where a time lies on the base of the events' times.
func (r *Recorder) At(t time.Time) time.Duration { return t.Sub(epoch) }
