package server

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/ackproof/ackproof/broker/wire"
)

// raftQueue bounds the messages that wait for a connection; what comes on top
// is lost. The quorum says again what matters.
const raftQueue = 512

// provenAfter is how long a one-way connection lasts if there is a broker at
// its end, and not just somebody who accepts.
const provenAfter = time.Second

// raftLink sends the metadata quorum's messages to a peer, in order and at most
// once.
type raftLink struct {
	dialer   dialer
	clientID string
	log      *slog.Logger
	bell     doorbell

	mu    sync.Mutex
	queue [][]byte
}

func newRaftLink(address, clientID string, log *slog.Logger) *raftLink {
	return &raftLink{dialer: newDialer(address), clientID: clientID, log: log, bell: newDoorbell()}
}

// send queues a message; flush sends it on its way.
func (l *raftLink) send(payload []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) < raftQueue {
		l.queue = append(l.queue, payload)
	}
}

func (l *raftLink) flush() { l.bell.ring() }

func (l *raftLink) take() [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	queue := l.queue
	l.queue = nil
	return queue
}

func (l *raftLink) run(ctx context.Context) {
	for {
		select {
		case <-l.bell:
		case <-ctx.Done():
			return
		}
		nc, err := l.dialer.dial(ctx)
		if err != nil {
			l.log.Debug("cannot connect", "error", err)
			l.take() // old messages would only be in the way of new ones
			continue
		}
		connected := time.Now()
		err = l.talk(ctx, nc)
		l.log.Debug("connection ended", "error", err)
		if time.Since(connected) >= provenAfter {
			l.dialer.worked()
		}
	}
}

// talk sends what is queued, until the connection ends.
func (l *raftLink) talk(ctx context.Context, nc net.Conn) error {
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	defer stop()
	defer nc.Close()
	hungUp := make(chan struct{})
	go func() {
		defer close(hungUp)
		// Nothing ever comes back, except the news that the peer is gone.
		_, _ = io.Copy(io.Discard, nc)
	}()
	var out []byte
	for {
		out = out[:0]
		for _, payload := range l.take() {
			out = wire.AppendRaft(out, l.clientID, payload)
		}
		if len(out) > 0 {
			if err := nc.SetWriteDeadline(time.Now().Add(deadPeerTimeout)); err != nil {
				return err
			}
			if _, err := nc.Write(out); err != nil {
				return err
			}
		}
		select {
		case <-l.bell:
		case <-hungUp:
			return errPeerHungUp
		}
	}
}
