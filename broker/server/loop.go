package server

import (
	"fmt"
	"time"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/model"
)

const (
	// stepsPerFlush bounds the inputs that are stepped before the writers of
	// their effects are woken: enough to write many replies at once under load,
	// few enough not to be felt.
	stepsPerFlush = 32
	// statusInterval is how old the published status gets under load.
	statusInterval = 200 * time.Millisecond
)

// noWakeUp is the wake-up time of a timer that is not set.
const noWakeUp time.Duration = -1

// flusher has something to write that it was handed during a batch of steps.
type flusher interface{ flush() }

// loop is the core's goroutine. All of its state is its own.
type loop struct {
	*driver
	timer *time.Timer
	// wakeAt is when the timer fires, noWakeUp if it is not set.
	wakeAt time.Duration
	// own holds the inputs that effects have led to at once: the loop cannot
	// wait for room in the queue that it alone empties.
	own   []broker.Input
	dirty []flusher

	statusAt time.Duration
}

func newLoop(d *driver) *loop {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &loop{driver: d, timer: timer, wakeAt: noWakeUp}
}

// run steps the core until an Exit effect, whose error it returns. The first
// step is a Tick: a core that has just been made has timers to set.
func (l *loop) run() error {
	defer l.timer.Stop()
	var in broker.Input = broker.Tick{}
	for in != nil {
		for range stepsPerFlush {
			if exit := l.step(in); exit != nil {
				l.flush()
				return exit.Err
			}
			if in = l.ready(); in == nil {
				break
			}
		}
		l.flush()
		if in == nil {
			in = l.wait()
		}
	}
	return nil
}

// ready gives an input that is there already, or nil.
func (l *loop) ready() broker.Input {
	if len(l.own) > 0 {
		in := l.own[0]
		l.own = l.own[1:]
		return in
	}
	select {
	case in := <-l.inputs:
		return in
	case <-l.timer.C:
		return l.tick()
	default:
		return nil
	}
}

// wait gives the next input, or nil if the driver has given up on the core.
func (l *loop) wait() broker.Input {
	select {
	case in := <-l.inputs:
		return in
	case <-l.timer.C:
		return l.tick()
	case <-l.stopped:
		return nil
	}
}

func (l *loop) tick() broker.Input {
	l.wakeAt = noWakeUp
	return broker.Tick{}
}

func (l *loop) step(in broker.Input) *broker.Exit {
	began := time.Now()
	now := model.Time{Mono: began.Sub(l.start), Wall: began.UnixMilli()}
	var exit *broker.Exit
	for _, effect := range l.core.Step(now, in) {
		if e := l.carryOut(effect); e != nil && exit == nil {
			exit = e
		}
	}
	l.metrics.step.Observe(time.Since(began).Seconds())
	if l.status.Load() == nil || now.Mono-l.statusAt >= statusInterval {
		l.statusAt = now.Mono
		status := l.core.Status()
		l.status.Store(&status)
	}
	return exit
}

// carryOut does what an effect says, or hands it to who does.
func (l *loop) carryOut(effect broker.Effect) *broker.Exit {
	switch e := effect.(type) {
	case broker.Reply:
		if c := l.conns.find(e.Call.Conn); c != nil {
			c.finish(e.Call.Seq, e.Response)
			l.dirty = append(l.dirty, c)
		}
	case broker.CloseConn:
		if c := l.conns.find(e.Conn); c != nil {
			c.close()
		}
	case broker.Send:
		p := l.peers[e.To]
		if p == nil {
			l.own = append(l.own, broker.PeerResponse{Token: e.Token, Err: fmt.Errorf("%w: node %d", errUnknownPeer, e.To)})
			break
		}
		lane := p.lanes[e.Lane]
		lane.send(e)
		l.dirty = append(l.dirty, lane)
	case broker.SendRaft:
		if p := l.peers[e.To]; p != nil {
			p.raft.send(e.Payload)
			l.dirty = append(l.dirty, p.raft)
		}
	case broker.Sync:
		l.syncer.sync(e)
	case broker.WakeAt:
		l.wake(e.At)
	case broker.Trace:
		l.log.Info(e.Text)
	case broker.Exit:
		return &e
	default:
		panic(fmt.Sprintf("server: no way to carry out %T: %v", effect, effect))
	}
	return nil
}

// wake sets the timer. Most steps ask for the time that is already set.
func (l *loop) wake(at time.Duration) {
	if at == l.wakeAt {
		return
	}
	l.wakeAt = at
	l.timer.Reset(at - time.Since(l.start))
}

// flush wakes the writers of what was handed over since the last flush.
func (l *loop) flush() {
	for i, f := range l.dirty {
		f.flush()
		l.dirty[i] = nil
	}
	l.dirty = l.dirty[:0]
}
