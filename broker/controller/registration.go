package controller

import (
	"maps"
	"slices"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// activate takes note of a new controller's static defaults. Leaderless
// partitions get another try, since the defaults say whether an unclean leader
// may be taken.
func (a *application) activate(cmd *Activate) Result {
	if !maps.Equal(a.image.StaticConfig, cmd.StaticConfig) {
		a.image.StaticConfig = maps.Clone(cmd.StaticConfig)
		a.changes.Reconfigured = a.image.TopicList()
	}
	a.electLeaderless()
	return Result{}
}

// registerBroker starts a broker's life, fenced, under the entry's index as its
// epoch. A live session of another incarnation keeps it out until it expires:
// two processes must not share one id (KIP-631).
func (a *application) registerBroker(cmd *RegisterBroker) Result {
	if cmd.ID < 0 {
		return refuse(model.InvalidRequest, "Broker id %d is invalid: it must be at least 0.", cmd.ID)
	}
	if len(cmd.Listeners) == 0 {
		return refuse(model.InvalidRequest, "Broker %d registers no listener: at least one is needed.", cmd.ID)
	}
	old := a.image.Brokers[cmd.ID]
	if old != nil && old.Incarnation == cmd.Incarnation {
		return Result{BrokerEpoch: old.Epoch}
	}
	if a.image.turnsAway(cmd, a.mutants) {
		return turnedAway(cmd)
	}
	if old != nil && old.Epoch != cmd.Replaces && !a.mutants.Has(mutant.LateRegistrationAccepted) {
		return refuse(model.DuplicateBrokerRegistration,
			"Broker id %d is registered under epoch %d, not under the epoch %d that the request replaces.", cmd.ID, old.Epoch, cmd.Replaces)
	}
	epoch := model.BrokerEpoch(a.index)
	a.image.Brokers[cmd.ID] = &Broker{
		ID:          cmd.ID,
		Epoch:       epoch,
		Incarnation: cmd.Incarnation,
		Listeners:   slices.Clone(cmd.Listeners),
		Rack:        cmd.Rack,
		Fenced:      true,
	}
	return Result{BrokerEpoch: epoch}
}

// turnsAway tells whether a registration has to wait for the end of another
// life's session.
func (i *Image) turnsAway(cmd *RegisterBroker, mutants mutant.Set) bool {
	old := i.Brokers[cmd.ID]
	return old != nil && !old.Fenced && old.Incarnation != cmd.Incarnation && !mutants.Has(mutant.RegistrationOverSession)
}

func turnedAway(cmd *RegisterBroker) Result {
	return refuse(model.DuplicateBrokerRegistration,
		"Another broker is registered with broker id %d and its session has not expired.", cmd.ID)
}

// currentBroker finds a broker that speaks under its current epoch.
func (a *application) currentBroker(id model.NodeID, epoch model.BrokerEpoch) (*Broker, Result) {
	b := a.image.Brokers[id]
	if b == nil {
		return nil, refuse(model.BrokerIDNotRegistered, "Broker id %d is not registered.", id)
	}
	if b.Epoch != epoch {
		return nil, refuse(model.StaleBrokerEpoch,
			"Broker %d speaks under broker epoch %d, its current one is %d.", id, epoch, b.Epoch)
	}
	return b, Result{}
}
