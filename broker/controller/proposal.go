package controller

import (
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// proposals is those of the current term that wait to be applied, in the order
// in which they were made, which is that of the log.
type proposals struct {
	last    uint64
	waiting []proposal
	// abandoned ones were lost with the leadership; the next Poll says so.
	abandoned []proposal
}

type proposal struct {
	number uint64
	done   func(Result)
}

func (p *proposals) add(done func(Result)) uint64 {
	p.last++
	p.waiting = append(p.waiting, proposal{number: p.last, done: done})
	return p.last
}

// cancel takes back the one that was added last.
func (p *proposals) cancel() { p.waiting = p.waiting[:len(p.waiting)-1] }

func (p *proposals) abandon() {
	p.abandoned = append(p.abandoned, p.waiting...)
	p.waiting = nil
}

// complete answers the proposal of this number, if it still waits.
func (p *proposals) complete(number uint64, result Result) {
	if len(p.waiting) == 0 || p.waiting[0].number != number {
		return
	}
	done := p.waiting[0].done
	p.waiting = p.waiting[1:]
	done(result)
}

// answerAbandoned tells those who waited that the outcome is unknown.
func (p *proposals) answerAbandoned() {
	for len(p.abandoned) > 0 {
		done := p.abandoned[0].done
		p.abandoned = p.abandoned[1:]
		done(lostOffice())
	}
}

func notController() Result {
	return refuse(model.NotController, "This node is not the active controller.")
}

func lostOffice() Result {
	return refuse(model.NotController, "This node lost the controller's office before the command was applied.")
}

// Propose puts a command to the quorum and answers once it is applied. If this
// node is not the active controller the answer is NOT_CONTROLLER at once, and
// nothing has happened; if it ceases to be while the command is under way the
// answer is NOT_CONTROLLER from a later Poll, with Result.Index 0 in both cases,
// and the command may yet be applied.
//
// A registration that would be turned away now is answered at once too: a broker
// that comes back within its old session asks many times a second, and each
// question would be an entry that changes nothing.
func (c *Controller) Propose(now time.Duration, cmd Command, done func(Result)) {
	c.now = max(c.now, now)
	if !c.Active() {
		done(notController())
		return
	}
	if r := cmd.RegisterBroker; r != nil && c.image.turnsAway(r, c.cfg.Mutants) {
		done(turnedAway(r))
		return
	}
	c.idle = false
	number := c.proposals.add(done)
	if err := c.node.Propose(encodeEntry(entry{Number: number, Command: cmd})); err != nil {
		c.proposals.cancel()
		done(notController())
		return
	}
	if c.cfg.Mutants.Has(mutant.AnswerBeforeCommit) {
		c.proposals.answerTooEarly(c.foretell(cmd))
	}
}
