package sim

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/ackproof/ackproof/harness/stream"
)

// dice are the randomness of one purpose. Each has its own, all from one seed,
// so that a fault that is taken away re-deals as little as can be.
type dice struct{ *rand.Rand }

func newDice(seed uint64, label string) dice {
	return dice{stream.New(seed, label)}
}

// perMille is true in so many of a thousand cases.
func (s dice) perMille(odds int) bool { return odds > 0 && s.IntN(1000) < odds }

// upTo draws a duration of most at most.
func (s dice) upTo(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(s.Int64N(int64(most) + 1))
}

// Read makes dice the source of Raft's jitter; see Run.
func (s dice) Read(p []byte) (int, error) {
	var word [8]byte
	for i := 0; i < len(p); i += len(word) {
		binary.LittleEndian.PutUint64(word[:], s.Uint64())
		copy(p[i:], word[:])
	}
	return len(p), nil
}
