package workloads

import (
	"hash/fnv"
	"math/rand/v2"
)

// stream returns the sub-stream of seed that label names. Each user of
// randomness has one of its own, so that adding or removing a worker re-deals
// nothing to the others.
func stream(seed uint64, label string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(label)) // a hash never fails to write
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
