package sim

import (
	"time"

	"github.com/ackproof/ackproof/nemesis"
)

// clocks are those of one machine: a monotonic one, which may run a little fast
// or slow and begins anew with each boot, and the wall clock.
type clocks struct {
	rate   float64 // of the monotonic clock
	booted time.Duration
	// skew is what is wrong with the wall clock, since since.
	skew  nemesis.Clock
	since time.Duration
}

// firstReading is what a monotonic clock shows at a boot: not 0, which nobody
// may take for "never".
const firstReading = time.Second

func (c *clocks) boot(now time.Duration) { c.booted = now }

func (c *clocks) mono(now time.Duration) time.Duration {
	return firstReading + time.Duration(float64(now-c.booted)*c.rate)
}

// until is how long it takes until the monotonic clock shows at.
func (c *clocks) until(now, at time.Duration) time.Duration {
	left := time.Duration(float64(at-c.mono(now)) / c.rate)
	for c.mono(now+left) < at { // rounding must not make a timer early
		left++
	}
	return left
}

// wall is in milliseconds since the Unix epoch.
func (c *clocks) wall(now time.Duration) int64 {
	return epoch.Add(now + c.ahead(now)).UnixMilli()
}

// ahead is by how much the wall clock is wrong.
func (c *clocks) ahead(now time.Duration) time.Duration {
	ahead, after := c.skew.Offset.Duration(), now-c.since
	if period := c.skew.StrobePeriod.Duration(); period > 0 && (after/period)%2 == 1 {
		ahead = 0
	}
	if c.skew.Rate != 0 {
		ahead += time.Duration((c.skew.Rate - 1) * float64(after))
	}
	return ahead
}
