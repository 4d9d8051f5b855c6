package network

import (
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// shape decides the fate of one peer's packets.
type shape struct {
	link   agent.Link
	random *rand.Rand
	latest time.Time // when the last packet so far is due
}

// newShape draws from a stream of its own: a fault of one link re-deals
// nothing on another.
func newShape(link agent.Link, seed uint64, peer string) *shape {
	name := fnv.New64a()
	name.Write([]byte(peer))
	return &shape{link: link, random: rand.New(rand.NewPCG(seed, name.Sum64()))}
}

// fate is what happens to a packet: lost, or delivered at due.
type fate struct {
	lost      bool
	due       time.Time
	overtakes bool // another packet that is still waiting
}

// decide draws the fate of a packet that arrived now. Every packet draws as
// often, whatever its fate, so that the n-th packet's draws depend on n alone.
func (s *shape) decide(now time.Time) fate {
	loss := s.random.Float64() * 100
	jitter := time.Duration(s.random.Float64() * float64(millis(s.link.JitterMS)))
	if loss < s.link.LossPercent {
		return fate{lost: true}
	}
	due := now.Add(millis(s.link.DelayMS) + jitter)
	if !due.Before(s.latest) {
		s.latest = due
		return fate{due: due}
	}
	if s.link.Reorder {
		return fate{due: due, overtakes: true}
	}
	return fate{due: s.latest} // behind the packet before it, as in a queue
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
