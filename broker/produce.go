package broker

import (
	"slices"
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/partition"
	"github.com/ackproof/ackproof/broker/wire"
)

// pendingProduce is a produce request with acks=all on its way to commit.
type pendingProduce struct {
	results []wire.Written
	left    int
	timeout *timer
	done    func([]wire.Written)
}

// commitWait is one partition's share of a pending produce.
type commitWait struct {
	produce *pendingProduce
	index   int
	write   partition.Appended
}

// Produce appends and answers as soon as acks is met.
func (c *Core) Produce(writes []wire.Write, acks wire.Acks, timeout time.Duration, done func([]wire.Written)) {
	results := make([]wire.Written, len(writes))
	waits := make([]partition.Appended, len(writes))
	left := 0
	for i := range writes {
		results[i], waits[i] = c.append(&writes[i], acks)
		if results[i].Code == model.None {
			left++
		}
	}
	if acks != wire.AcksAll || left == 0 || c.cfg.Mutants.Has(mutant.AckOnAppend) {
		done(results)
		return
	}
	pending := &pendingProduce{results: results, left: left, done: done}
	pending.timeout = c.timers.schedule(c.now.Mono+timeout, func() { c.expireProduce(pending) })
	for i := range writes {
		if results[i].Code == model.None {
			h := c.partitions.byName[writes[i].Partition]
			h.commits = append(h.commits, &commitWait{produce: pending, index: i, write: waits[i]})
		}
	}
}

func (c *Core) append(w *wire.Write, acks wire.Acks) (wire.Written, partition.Appended) {
	refusal := func(code model.ErrorCode, message string) (wire.Written, partition.Appended) {
		return wire.Written{Code: code, Message: message, Base: model.NoOffset, LogStart: model.NoOffset}, partition.Appended{}
	}
	if w.Code != model.None {
		return refusal(w.Code, w.Message)
	}
	h, code := c.find(w.Partition)
	if code != model.None {
		return refusal(code, "")
	}
	appended, err := h.replica.Append(c.now.Mono, w.Batch, acks == wire.AcksAll)
	c.fail(err)
	if appended.Code != model.None {
		return refusal(appended.Code, "")
	}
	c.touch(h)
	return wire.Written{Base: appended.Base, LogStart: h.replica.Log().StartOffset()}, appended
}

// settleCommits answers the writes whose fate is decided.
func (c *Core) settleCommits(h *held) {
	h.commits = slices.DeleteFunc(h.commits, func(w *commitWait) bool {
		if w.produce.done == nil {
			return true
		}
		decided, code := h.replica.Committed(w.write)
		if decided {
			c.decide(w, code)
		}
		return decided
	})
}

func (c *Core) decide(w *commitWait, code model.ErrorCode) {
	p := w.produce
	if code != model.None {
		p.results[w.index].Code = code
		p.results[w.index].Base = model.NoOffset
	}
	if p.left--; p.left == 0 {
		c.timers.cancel(p.timeout)
		done := p.done
		p.done = nil
		done(p.results)
	}
}

// expireProduce answers a request whose time is up. Its records stay: they may
// be committed later, and the producer knows that a timeout says nothing.
func (c *Core) expireProduce(p *pendingProduce) {
	for _, h := range c.partitions.sorted {
		c.settleCommits(h) // what is decided already has not timed out
	}
	if p.done == nil {
		return
	}
	for _, h := range c.partitions.sorted {
		for _, w := range h.commits {
			if w.produce == p && !c.cfg.Mutants.Has(mutant.TimeoutAcked) {
				p.results[w.index].Code = model.RequestTimedOut
				p.results[w.index].Base = model.NoOffset
				c.touch(h)
			}
		}
	}
	done := p.done
	p.done = nil
	done(p.results)
}

// failWaiting answers everything that waits for a replica that is gone.
func (c *Core) failWaiting(h *held, code model.ErrorCode) {
	commits, fetches := h.commits, h.fetches
	h.commits, h.fetches = nil, nil
	for _, w := range commits {
		if w.produce.done != nil {
			c.decide(w, code)
		}
	}
	for _, f := range fetches {
		c.finishFetch(f)
	}
}
