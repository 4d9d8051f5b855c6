package broker

import (
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

// flushes is the fsyncs under way.
type flushes struct {
	lastToken uint64
	waiting   map[uint64]func(error)
	// inFlight is set while a flush of the logs runs: what is appended meanwhile
	// goes into the next one, which is the group commit.
	inFlight bool
}

// sync asks the driver to make files durable.
func (c *Core) sync(files []storage.File, dirs []string, done func(error)) {
	c.flushes.lastToken++
	token := c.flushes.lastToken
	if c.flushes.waiting == nil {
		c.flushes.waiting = map[uint64]func(error){}
	}
	c.flushes.waiting[token] = done
	c.effect(Sync{Token: token, Files: files, Dirs: dirs})
}

func (c *Core) synced(in SyncDone) {
	done := c.flushes.waiting[in.Token]
	delete(c.flushes.waiting, in.Token)
	if done != nil {
		done(in.Err)
	}
}

// flushBeforeAck starts the next group commit, if records wait for one.
func (c *Core) flushBeforeAck() {
	if c.cfg.Flush == FlushBeforeAck {
		c.flushAll()
	}
}

// flushAll flushes every log that has something new.
func (c *Core) flushAll() {
	if c.flushes.inFlight || c.failure != nil {
		return
	}
	type flushed struct {
		held   *held
		ticket storage.FlushTicket
	}
	var batch []flushed
	var files []storage.File
	var dirs []string
	for _, h := range c.partitions.sorted {
		if ticket := h.replica.Log().Flush(); !ticket.Empty() {
			batch = append(batch, flushed{held: h, ticket: ticket})
			files, dirs = append(files, ticket.Files...), append(dirs, ticket.Dirs...)
		}
	}
	if len(batch) == 0 {
		return
	}
	c.flushes.inFlight = true
	c.sync(files, dirs, func(err error) {
		c.flushes.inFlight = false
		c.fetchers.stale = true
		for _, f := range batch {
			if c.partitions.byName[f.held.tp] != f.held {
				continue // deleted meanwhile
			}
			if err != nil && !c.cfg.Mutants.Has(mutant.FlushErrorIgnored) {
				// The page cache may have dropped what it could not write, so trying
				// again would prove nothing (fsyncgate).
				c.fail(f.held.replica.Log().FlushFailed(f.ticket, err))
				continue
			}
			f.held.replica.Flushed(c.now.Mono, f.ticket)
			c.touch(f.held)
		}
	})
}
