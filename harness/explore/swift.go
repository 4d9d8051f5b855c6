package explore

import (
	"time"

	"github.com/ackproof/ackproof/nemesis"
)

// swift are elections in quick succession, as when preferred leaders are restored
// while brokers come and go. Who follows is sent one way and then the other before it
// has caught up, and what was said in one epoch arrives in another, if something
// holds it up meanwhile.
type swift struct {
	times int           // 0 for none
	every time.Duration // in the mean
	late  nemesis.Fault // no kind for none
}

// drawSwift draws how swift they are, and what is held up.
func drawSwift(r dice) swift {
	cut := func(target nemesis.Target, shape nemesis.Shape, peer nemesis.Target) nemesis.Fault {
		return nemesis.Fault{Kind: nemesis.Partition, Target: target, Shape: shape, Peer: peer}
	}
	return swift{
		times: 2 + r.IntN(3), every: time.Duration(pick(r, 40, 100, 250)) * time.Millisecond,
		late: pick(r,
			nemesis.Fault{},
			cut(nemesis.Replica, nemesis.OneWayOut, nemesis.Leader), cut(nemesis.Replica, nemesis.OneWayIn, nemesis.Leader),
			cut(nemesis.Leader, nemesis.OneWayIn, ""), cut(nemesis.Controller, nemesis.OneWayOut, nemesis.Leader),
			nemesis.Fault{Kind: nemesis.Delay, Target: nemesis.Replica, Shape: nemesis.OneWayIn, Peer: nemesis.Leader, Delay: 500},
			nemesis.Fault{Kind: nemesis.Pause, Target: nemesis.Leader},
		),
	}
}

// elections are the steps from a time on: the last begins last.
func (s swift) elections(r dice, from time.Duration) (steps []nemesis.Step) {
	if s.times == 0 {
		return nil
	}
	lasts := time.Duration(s.times) * s.every
	if s.late.Kind != "" {
		steps = append(steps, nemesis.Step{At: inMillis(from), For: inMillis(lasts/2 + time.Duration(r.Int64N(int64(lasts)))), Fault: s.late})
	}
	at := from
	for range s.times {
		at += min(r.mean(s.every), 2*s.every)
		whom := pick(r, nemesis.Laggard, nemesis.Laggard, nemesis.Replica)
		steps = append(steps, nemesis.Step{At: inMillis(at), For: inMillis(max(s.every, shortest)), Fault: nemesis.Fault{Kind: nemesis.Elect, Target: whom}})
	}
	return steps
}
