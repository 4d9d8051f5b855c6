package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/wire"
)

// lane sends requests to a peer over one connection, dialled when there is
// something to send. Every request ends in exactly one PeerResponse. When one
// times out the connection is closed and all of its requests fail, as the
// answer could no longer be told from a late one to be trusted.
type lane struct {
	dialer   dialer
	clientID string
	submit   func(broker.Input)
	log      *slog.Logger
	bell     doorbell

	mu    sync.Mutex
	queue []outbound
}

// outbound is a request that is not answered yet.
type outbound struct {
	broker.Send
	deadline time.Time
}

func newLane(address, clientID string, submit func(broker.Input), log *slog.Logger) *lane {
	return &lane{dialer: newDialer(address), clientID: clientID, submit: submit, log: log, bell: newDoorbell()}
}

// send queues a request; flush sends it on its way.
func (l *lane) send(s broker.Send) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, outbound{Send: s, deadline: time.Now().Add(s.Timeout)})
}

func (l *lane) flush() { l.bell.ring() }

// take empties the queue.
func (l *lane) take() []outbound {
	l.mu.Lock()
	defer l.mu.Unlock()
	queue := l.queue
	l.queue = nil
	return queue
}

func (l *lane) fail(requests []outbound, err error) {
	for _, r := range requests {
		l.submit(broker.PeerResponse{Token: r.Token, Err: err})
	}
}

func (l *lane) run(ctx context.Context) {
	for {
		select {
		case <-l.bell:
		case <-ctx.Done():
			return
		}
		nc, err := l.dialer.dial(ctx)
		if err != nil {
			l.log.Debug("cannot connect", "error", err)
			l.fail(l.take(), err)
			continue
		}
		l.bell.ring() // for what was queued before the connection
		err = l.talk(ctx, nc)
		l.log.Debug("connection ended", "error", err)
		l.bell.ring() // for what was queued during its end
	}
}

// talk sends what is queued, until the connection ends.
func (l *lane) talk(ctx context.Context, nc net.Conn) error {
	s := &session{lane: l, net: nc, open: map[int32]outbound{}, ended: make(chan struct{})}
	go s.receive()
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	defer stop()
	for {
		select {
		case <-l.bell:
			if err := s.transmit(l.take()); err != nil {
				_ = nc.Close() // the receiver ends the session
			}
		case <-s.ended:
			return s.err
		}
	}
}

// session is one connection of a lane, and its open requests by correlation id.
type session struct {
	*lane
	net    net.Conn
	buffer []byte

	mu   sync.Mutex
	last int32
	open map[int32]outbound // nil once err is set
	err  error

	ended chan struct{} // closed when every request has been answered
}

// transmit writes requests, at once.
func (s *session) transmit(requests []outbound) error {
	if len(requests) == 0 {
		return nil
	}
	out := s.buffer[:0]
	s.mu.Lock()
	if s.open == nil {
		s.mu.Unlock()
		s.fail(requests, s.err)
		return s.err
	}
	for _, r := range requests {
		s.last = (s.last + 1) & math.MaxInt32
		s.open[s.last] = r
		out = wire.AppendRequest(out, s.last, s.clientID, r.Request)
	}
	deadline := s.limitRead()
	s.mu.Unlock()
	if cap(out) <= writeChunk {
		s.buffer = out
	}
	if err := s.net.SetWriteDeadline(deadline); err != nil {
		return err
	}
	_, err := s.net.Write(out)
	return err
}

// limitRead lets reading wait until the first open request times out, or
// forever if there is none. The mutex is held.
func (s *session) limitRead() time.Time {
	var first time.Time
	for _, r := range s.open {
		if first.IsZero() || r.deadline.Before(first) {
			first = r.deadline
		}
	}
	_ = s.net.SetReadDeadline(first) // fails on a closed connection only
	return first
}

// receive matches responses to requests until the connection ends, which it
// then makes known to all who wait.
func (s *session) receive() {
	err := s.readResponses()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errPeerTimeout
	} else {
		err = fmt.Errorf("%w: %w", errPeerHungUp, err)
	}
	_ = s.net.Close()
	s.mu.Lock()
	lost := slices.Collect(maps.Values(s.open))
	s.open, s.err = nil, err
	s.mu.Unlock()
	s.fail(lost, err)
	close(s.ended)
}

func (s *session) readResponses() error {
	in := bufio.NewReaderSize(s.net, readBuffer)
	for {
		frame, err := wire.ReadFrame(in, math.MaxInt32)
		if err != nil {
			return err
		}
		correlationID, body, err := wire.DecodeCorrelationID(frame)
		if err != nil {
			return err
		}
		request, ok := s.settle(correlationID)
		if !ok {
			return fmt.Errorf("%w: response to request %d, which is not open", wire.ErrMalformed, correlationID)
		}
		response, err := wire.DecodeResponse(request.Request, body)
		if err != nil {
			s.submit(broker.PeerResponse{Token: request.Token, Err: err})
			return err
		}
		s.dialer.worked()
		s.submit(broker.PeerResponse{Token: request.Token, Response: response})
	}
}

// settle takes a request out of the open ones.
func (s *session) settle(correlationID int32) (outbound, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	request, ok := s.open[correlationID]
	delete(s.open, correlationID)
	s.limitRead()
	return request, ok
}
