// Package stream is randomness by purpose: sub-streams of one seed, each with a
// label. Drawing more or less for one purpose re-deals nothing of another, so a
// worker, a fault or a link can be added or taken away.
package stream

import (
	"hash/fnv"
	"math/rand/v2"
)

// New is the stream of a seed that label names.
func New(seed uint64, label string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(label)) // a hash never fails to write
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
