package clock

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"time"
)

// ErrUnsupported is what everything answers where clocks cannot be skewed.
var ErrUnsupported = errors.New("skewed clocks need Linux on amd64")

// ErrGone tells that the process has ended or become another program.
var ErrGone = errors.New("the process has ended or become another program")

// Setting is how a process's wall clock follows the host's:
//
//	process = host + Offset + (host - Since) * (Rate - 1)
//
// Its zero value is the host's clock.
type Setting struct {
	Offset time.Duration
	Rate   float64 // 0 stands for 1
	Since  time.Time
}

const (
	minRate   = 0.01
	maxRate   = 100
	maxOffset = 10 * 365 * 24 * time.Hour
)

// Validate checks that the arithmetic in the process cannot overflow.
func (s Setting) Validate() error {
	switch {
	case s.Rate != 0 && !(s.Rate >= minRate && s.Rate <= maxRate):
		return fmt.Errorf("rate %v: allowed are %v to %v, and 0 for 1", s.Rate, minRate, maxRate)
	case s.Offset < -maxOffset || s.Offset > maxOffset:
		return fmt.Errorf("offset %v: allowed are %v to %v", s.Offset, -maxOffset, maxOffset)
	}
	return nil
}

// slot is a setting as the code in the process reads it.
type slot struct {
	offset int64 // ns
	since  int64 // ns of Unix time
	// excess is rate-1 as a fixed-point number with 32 binary places: the code
	// must not touch the process's floating point registers.
	excess int64
}

const excessBits = 32

func (s Setting) slot() slot {
	if s.Rate == 0 || s.Rate == 1 {
		return slot{offset: int64(s.Offset)}
	}
	return slot{
		offset: int64(s.Offset),
		since:  s.Since.UnixNano(),
		excess: int64(math.Round((s.Rate - 1) * (1 << excessBits))),
	}
}

// at is the arithmetic of the code in the process, to the nanosecond.
func (s slot) at(host int64) int64 {
	high, low := bits.Mul64(uint64(host-s.since), uint64(s.excess))
	// The product is signed: bits.Mul64 took negative factors for 2^64 more.
	if host-s.since < 0 {
		high -= uint64(s.excess)
	}
	if s.excess < 0 {
		high -= uint64(host - s.since)
	}
	gained := int64(high<<excessBits | low>>excessBits)
	return max(host+gained+s.offset, 0)
}

// At is what a process with this setting reads when the host reads host. Before
// 1970 the clock stands still.
func (s Setting) At(host time.Time) time.Time {
	return time.Unix(0, s.slot().at(host.UnixNano()))
}

// Reading is a process's wall clock beside the host's.
type Reading struct {
	PID     int
	Host    time.Time
	Process time.Time
}
