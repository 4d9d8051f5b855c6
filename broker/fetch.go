package broker

import (
	"slices"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/partition"
	"github.com/ackproof/ackproof/broker/wire"
)

// parkedFetch is a fetch that waits for records.
type parkedFetch struct {
	reads   []wire.Read
	wait    wire.Wait
	timeout *timer
	done    func([]partition.Fetched) // nil once answered
}

// Fetch answers at once if there is something to tell, else it parks.
func (c *Core) Fetch(reads []wire.Read, wait wire.Wait, done func([]partition.Fetched)) {
	results, enough := c.read(reads, wait)
	if enough || wait.MaxWait <= 0 {
		done(results)
		return
	}
	f := &parkedFetch{reads: reads, wait: wait, done: done}
	for i := range reads {
		reads[i].Fetch.Again = true
		h := c.partitions.byName[reads[i].Partition]
		h.park(f)
	}
	f.timeout = c.timers.schedule(c.now.Mono+wait.MaxWait, func() { c.finishFetch(f) })
}

// park adds a fetch to those that wait for this replica, and forgets the ones
// that another partition has answered.
func (h *held) park(f *parkedFetch) {
	h.fetches = slices.DeleteFunc(h.fetches, func(old *parkedFetch) bool { return old.done == nil || old == f })
	h.fetches = append(h.fetches, f)
}

// read reads each partition in turn within the request's limits, and tells
// whether the answer is worth sending now.
func (c *Core) read(reads []wire.Read, wait wire.Wait) ([]partition.Fetched, bool) {
	results := make([]partition.Fetched, len(reads))
	total, enough := 0, len(reads) == 0
	for i, r := range reads {
		results[i] = c.readOne(r, total, wait.MaxBytes)
		total += len(results[i].Records)
		if results[i].Code != model.None || results[i].Diverging != nil {
			enough = true
		}
	}
	return results, enough || total >= max(wait.MinBytes, 1) || wait.MinBytes <= 0
}

func (c *Core) readOne(r wire.Read, total, maxBytes int) partition.Fetched {
	refusal := partition.Fetched{Code: r.Code, HW: model.NoOffset, LogStart: model.NoOffset}
	if r.Code != model.None {
		return refusal
	}
	h, code := c.find(r.Partition)
	if code != model.None {
		refusal.Code = code
		return refusal
	}
	f := r.Fetch
	// The first partition with records gives one batch whatever its size, so
	// that a batch larger than the limits cannot block its reader (KIP-74).
	f.AtLeastOne = total == 0
	f.MaxBytes = min(f.MaxBytes, maxBytes-total)
	fetched, err := h.replica.Fetch(c.now.Mono, f)
	c.fail(err)
	if f.Replica != model.NoNode && (!f.Again || len(fetched.Records) > 0 && c.cfg.Mutants.Has(mutant.AckOnSend)) {
		c.touch(h)
	}
	return fetched
}

// settleFetches looks at the parked fetches of a replica that changed.
func (c *Core) settleFetches(h *held) {
	h.fetches = slices.DeleteFunc(h.fetches, func(f *parkedFetch) bool {
		if f.done == nil {
			return true
		}
		if !c.worthReading(h, f) {
			return false
		}
		results, enough := c.read(f.reads, f.wait)
		if enough {
			c.answerFetch(f, results)
		}
		return enough
	})
}

// worthReading tells whether a parked fetch could get something new of this
// replica: records, or an error.
func (c *Core) worthReading(h *held, f *parkedFetch) bool {
	for _, r := range f.reads {
		if r.Partition != h.tp {
			continue
		}
		end := h.replica.FetchEnd(r.Fetch.Replica != model.NoNode)
		if end > r.Fetch.Offset || h.replica.Log().EndOffset() < r.Fetch.Offset ||
			h.replica.CheckLeader(r.Fetch.CurrentEpoch) != model.None {
			return true
		}
	}
	return false
}

// finishFetch answers a fetch whose wait is over with what there is.
func (c *Core) finishFetch(f *parkedFetch) {
	if f.done == nil {
		return
	}
	results, _ := c.read(f.reads, f.wait)
	c.answerFetch(f, results)
	for _, r := range f.reads {
		if h := c.partitions.byName[r.Partition]; h != nil {
			h.fetches = slices.DeleteFunc(h.fetches, func(parked *parkedFetch) bool { return parked == f })
		}
	}
}

func (c *Core) answerFetch(f *parkedFetch, results []partition.Fetched) {
	c.timers.cancel(f.timeout)
	done := f.done
	f.done = nil
	done(results)
}
