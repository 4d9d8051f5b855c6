package explore

import (
	"math/rand/v2"
	"time"

	"github.com/ackproof/ackproof/harness/stream"
)

// dice are the randomness of one purpose, from a seed.
type dice struct{ *rand.Rand }

func newDice(seed uint64, label string) dice {
	return dice{stream.New(seed, label)}
}

// pick draws one of the values.
func pick[T any](r dice, values ...T) T { return values[r.IntN(len(values))] }

// about draws a duration from half of so many milliseconds to one and a half.
func (r dice) about(millis int) time.Duration {
	return time.Duration(millis*(50+r.IntN(100))/100) * time.Millisecond
}

// mean draws a duration that is d on average: mostly shorter, now and then much
// longer.
func (r dice) mean(d time.Duration) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(d))
}
