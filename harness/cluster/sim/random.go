package sim

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// stream is the randomness of one purpose. Each has its own, all from one seed,
// so that a fault that is taken away re-deals as little as can be.
type stream struct{ *rand.Rand }

func newStream(seed uint64, label string) stream {
	h := fnv.New64a()
	h.Write([]byte(label)) // a hash never fails to write
	return stream{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// perMille is true in so many of a thousand cases.
func (s stream) perMille(odds int) bool { return odds > 0 && s.IntN(1000) < odds }

// upTo draws a duration of most at most.
func (s stream) upTo(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(s.Int64N(int64(most) + 1))
}

// Read makes a stream the source of Raft's jitter; see Run.
func (s stream) Read(p []byte) (int, error) {
	var word [8]byte
	for i := 0; i < len(p); i += len(word) {
		binary.LittleEndian.PutUint64(word[:], s.Uint64())
		copy(p[i:], word[:])
	}
	return len(p), nil
}
