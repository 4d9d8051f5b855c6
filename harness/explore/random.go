package explore

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// stream is the randomness of one purpose, from a seed.
type stream struct{ *rand.Rand }

func newStream(seed uint64, label string) stream {
	h := fnv.New64a()
	h.Write([]byte(label)) // a hash never fails to write
	return stream{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// pick draws one of the values.
func pick[T any](r stream, values ...T) T { return values[r.IntN(len(values))] }

// about draws a duration from half of so many milliseconds to one and a half.
func (r stream) about(millis int) time.Duration {
	return time.Duration(millis*(50+r.IntN(100))/100) * time.Millisecond
}

// mean draws a duration that is d on average: mostly shorter, now and then much
// longer.
func (r stream) mean(d time.Duration) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(d))
}
