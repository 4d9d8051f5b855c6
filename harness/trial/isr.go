package trial

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// ISREvery is how often live runs look at the ISRs: often enough for each leader to be
// seen, since one that nobody saw may have been an empty one.
const ISREvery = 50 * time.Millisecond

// isrs puts into the history what brokers agree on of ISRs: what is new, and all of it
// after each fault that takes data from a disk, of which nobody can tell otherwise
// whether it left another copy.
type isrs struct {
	record func(history.Event) history.Event
	topic  string

	mu     sync.Mutex
	losses int // how many such faults there were
	last   map[int32]client.PartitionState
}

// takesData says whether the schedule has faults that make ISRs worth a look.
func takesData(s nemesis.Schedule) bool {
	return slices.ContainsFunc(s.Steps, func(step nemesis.Step) bool { return lossy(step.Fault.Kind) })
}

func lossy(kind nemesis.Kind) bool { return kind == nemesis.Wipe || kind == nemesis.Power }

// lose records the begin of a fault that takes data.
func (i *isrs) lose(e history.Event) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.record(e)
	i.losses++
	i.last = nil
}

// ask says how many losses there had been before an answer was asked for.
func (i *isrs) ask() (losses int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.losses
}

// see records an answer. One that a loss has overtaken may be from before it, and would
// be taken for what was left.
func (i *isrs) see(asked int, states []client.PartitionState) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if asked != i.losses {
		return
	}
	if i.last == nil {
		i.last = map[int32]client.PartitionState{}
	}
	for _, p := range states {
		old, known := i.last[p.Partition]
		if known && old.LeaderEpoch == p.LeaderEpoch && old.Leader == p.Leader && slices.Equal(old.ISR, p.ISR) {
			continue
		}
		i.last[p.Partition] = p
		i.record(history.SawISR(i.topic, p.Partition, p.LeaderEpoch, p.Leader, p.ISR))
	}
}

// watch looks until ctx is done.
func (t Trial) watch(ctx context.Context, admin *client.Admin, seen *isrs) {
	for more := true; more; more = t.Time.Sleep(ctx, t.ISREvery) {
		asked := seen.ask()
		seen.see(asked, admin.Agreed(ctx, t.Topic))
	}
}
