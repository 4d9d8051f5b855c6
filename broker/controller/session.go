package controller

import (
	"maps"
	"slices"
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// Heartbeat is a broker's sign of life.
type Heartbeat struct {
	ID    model.NodeID
	Epoch model.BrokerEpoch
	// AppliedIndex is how far the broker has applied the metadata.
	AppliedIndex uint64
	// WantFence asks to be fenced, WantShutdown for a controlled shutdown.
	WantFence, WantShutdown bool
}

// HeartbeatResult answers a broker.
type HeartbeatResult struct {
	Code model.ErrorCode
	// CaughtUp says that the broker has applied its own registration.
	CaughtUp bool
	Fenced   bool
	// ShouldShutDown grants the controlled shutdown.
	ShouldShutDown bool
}

// sessions is who was heard of when. It is soft state of the active controller:
// a new one gives everybody a full session.
type sessions struct {
	timeout time.Duration
	// lead is by how much their clock is ahead of the monotonic one.
	lead time.Duration
	byID map[model.NodeID]*session
}

type session struct {
	epoch    model.BrokerEpoch
	deadline time.Duration
	applied  uint64
	// shutdownIndex is what all others must have applied before the broker may
	// go; 0 until its shutdown is known to this controller.
	shutdownIndex uint64
	// changing is set while a transition of the broker is under way.
	changing bool
}

func (s *sessions) clear() { s.byID = nil }

func (s *sessions) ids() []model.NodeID { return slices.Sorted(maps.Keys(s.byID)) }

// open finds the session of a broker's life, or starts it.
func (s *sessions) open(id model.NodeID, epoch model.BrokerEpoch, now time.Duration) *session {
	found := s.byID[id]
	if found == nil || found.epoch != epoch {
		found = &session{epoch: epoch, deadline: now + s.timeout}
		s.byID[id] = found
	}
	return found
}

func (s *sessions) extend(by time.Duration) {
	for _, id := range s.ids() {
		s.byID[id].deadline += by
	}
}

// openSessions gives every registered broker a full session, so that one which is
// never heard of again is fenced all the same.
func (c *Controller) openSessions() {
	if c.sessions.byID == nil {
		c.sessions.byID = map[model.NodeID]*session{}
	}
	if c.cfg.Mutants.Has(mutant.SilentBrokersUnknown) {
		return
	}
	for _, id := range c.image.BrokerIDs() {
		c.sessions.open(id, c.image.Brokers[id].Epoch, c.sessionClock())
	}
}

// LetSessionsLead measures sessions by a clock that is ahead of the monotonic
// one. Only a planted bug does: a session may end by no clock that can be set.
func (c *Controller) LetSessionsLead(by time.Duration) { c.sessions.lead = by }

// sessionClock is what sessions are measured by.
func (c *Controller) sessionClock() time.Duration { return c.now + c.sessions.lead }

// Heartbeat takes a sign of life, makes the broker's state follow what it asks
// for and what it has applied, and answers when that is done. A heartbeat counts
// from now on, however long it has waited in a queue.
func (c *Controller) Heartbeat(now time.Duration, h Heartbeat, done func(HeartbeatResult)) {
	c.now = max(c.now, now)
	if !c.Active() {
		done(HeartbeatResult{Code: model.NotController})
		return
	}
	b := c.image.Brokers[h.ID]
	if b == nil {
		done(HeartbeatResult{Code: model.BrokerIDNotRegistered})
		return
	}
	if b.Epoch != h.Epoch && !c.cfg.Mutants.Has(mutant.StaleHeartbeatAccepted) {
		done(HeartbeatResult{Code: model.StaleBrokerEpoch})
		return
	}
	s := c.sessions.open(h.ID, h.Epoch, c.sessionClock())
	s.deadline = c.sessionClock() + c.sessions.timeout
	s.applied = max(s.applied, h.AppliedIndex)
	to, wanted := c.transition(b, s, h)
	if !wanted || s.changing {
		done(heartbeatResult(b, h))
		return
	}
	c.change(b, s, to, func(r Result) {
		if r.Code != model.None {
			done(HeartbeatResult{Code: r.Code})
			return
		}
		if to == Shutdown {
			s.shutdownIndex = r.Index
		}
		done(heartbeatResult(c.image.Brokers[h.ID], h))
	})
}

func heartbeatResult(b *Broker, h Heartbeat) HeartbeatResult {
	return HeartbeatResult{
		CaughtUp:       h.AppliedIndex >= uint64(b.Epoch),
		Fenced:         b.Fenced,
		ShouldShutDown: h.WantShutdown && b.Fenced,
	}
}

// transition decides what a heartbeat does to its broker (KIP-631). A broker
// that may go is fenced at once, so that it can register again at once.
func (c *Controller) transition(b *Broker, s *session, h Heartbeat) (Transition, bool) {
	switch {
	case h.WantShutdown && !b.Fenced && !b.ShuttingDown:
		return Shutdown, true
	case h.WantShutdown && !b.Fenced:
		return Fence, c.mayGo(s)
	case h.WantFence && !h.WantShutdown:
		return Fence, !b.Fenced
	default:
		caughtUp := h.AppliedIndex >= uint64(b.Epoch)
		return Unfence, b.Fenced && !b.ShuttingDown && !h.WantShutdown && caughtUp
	}
}

// mayGo tells whether every broker that stays has seen who leads now. The one
// that goes leads nothing since its shutdown was applied.
func (c *Controller) mayGo(s *session) bool {
	if s.shutdownIndex == 0 {
		// It was a predecessor in office that applied it, some time before now.
		s.shutdownIndex = c.image.Index
	}
	for _, id := range c.image.eligibleBrokers() {
		if other := c.sessions.byID[id]; other == nil || other.applied < s.shutdownIndex {
			return false
		}
	}
	return true
}

// change proposes a transition, one at a time for a broker.
func (c *Controller) change(b *Broker, s *session, to Transition, done func(Result)) {
	s.changing = true
	cmd := Command{BrokerStateChange: &BrokerStateChange{ID: b.ID, Epoch: b.Epoch, To: to}}
	c.Propose(c.now, cmd, func(r Result) {
		s.changing = false
		done(r)
	})
}

// fenceStale fences the broker that has been silent for longest, if it has been
// for too long: one at a time, so that each election sees the effect of the one
// before.
func (c *Controller) fenceStale() {
	var stalest *session
	var broker *Broker
	for _, id := range c.sessions.ids() {
		s, b := c.sessions.byID[id], c.image.Brokers[id]
		if b.Fenced || b.Epoch != s.epoch || s.deadline > c.sessionClock() {
			continue
		}
		if s.changing {
			return
		}
		if stalest == nil || s.deadline < stalest.deadline {
			stalest, broker = s, b
		}
	}
	if stalest != nil {
		c.change(broker, stalest, Fence, func(Result) {})
	}
}
