package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/ackproof/ackproof/broker"
)

// The ways in which a request to a peer fails.
var (
	errUnknownPeer = errors.New("peer is not in controller.quorum.voters")
	errPeerTimeout = errors.New("peer did not answer in time")
	errPeerHungUp  = errors.New("peer hung up")
)

// peer is another broker, and the connections to it: one for each lane of
// requests and one for the metadata quorum's messages.
type peer struct {
	lanes map[broker.Lane]*lane
	raft  *raftLink
	ctx   context.Context
	close context.CancelFunc
}

func newPeer(address, clientID string, submit func(broker.Input), log *slog.Logger) *peer {
	ctx, cancel := context.WithCancel(context.Background())
	return &peer{
		lanes: map[broker.Lane]*lane{
			broker.ControlLane: newLane(address, clientID, submit, log.With("lane", "control")),
			broker.FetchLane:   newLane(address, clientID, submit, log.With("lane", "fetch")),
		},
		raft:  newRaftLink(address, clientID, log.With("lane", "raft")),
		ctx:   ctx,
		close: cancel,
	}
}

// start runs the peer's connections until close.
func (p *peer) start(tasks *sync.WaitGroup) {
	for _, l := range p.lanes {
		tasks.Go(func() { l.run(p.ctx) })
	}
	tasks.Go(func() { p.raft.run(p.ctx) })
}

// doorbell wakes one goroutine; rung twice before it looks, it wakes it once.
type doorbell chan struct{}

func newDoorbell() doorbell { return make(chan struct{}, 1) }

func (b doorbell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}
