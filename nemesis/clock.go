package nemesis

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Clock is what is wrong with a wall clock: at t after the fault began it shows
// the host's time plus
//
//	offset + t*(rate-1)
//
// With a strobe period the offset comes and goes: it counts in every second
// period only. The zero Clock is the host's. Monotonic clocks stay right.
type Clock struct {
	Offset Millis `json:"offset_ms,omitempty"` // ten years at most, either way
	// Rate is the clock's speed, 0.01 to 100; 0 stands for 1, the host's.
	Rate         float64 `json:"rate,omitempty"`
	StrobePeriod Millis  `json:"strobe_period_ms,omitempty"`
}

const (
	maxOffset          = 10 * 365 * 24 * hour
	minRate, maxRate   = 0.01, 100
	maxPeriod          = hour
	clockTolerance     = time.Second
	clockSettlingLimit = 5 * time.Second
)

// drift is what a second adds to the clock's error, in seconds.
func (c Clock) drift() float64 {
	if c.Rate == 0 {
		return 0
	}
	return c.Rate - 1
}

// String says what is wrong, such as "+1h0m0s", "x2" or "+1h0m0s every second 100ms".
func (c Clock) String() string {
	var text string
	if c.Offset != 0 || c.drift() == 0 {
		text = skew(c.Offset.Duration())
	}
	if c.StrobePeriod != 0 {
		text += fmt.Sprintf(" every second %v", c.StrobePeriod.Duration())
	}
	if c.drift() == 0 {
		return text
	}
	if text != "" {
		text += " "
	}
	return text + fmt.Sprintf("x%v", c.Rate)
}

func skew(d time.Duration) string {
	if d = d.Round(time.Millisecond); d < 0 {
		return d.String()
	}
	return "+" + d.String()
}

// A comparison with NaN is false, so the allowed range is what is asked for.
func (c Clock) validate() error {
	switch {
	case c.Offset < -maxOffset || c.Offset > maxOffset:
		return fmt.Errorf("offset_ms %d: allowed are %d to %d (ten years)", c.Offset, -maxOffset, maxOffset)
	case c.Rate != 0 && !(c.Rate >= minRate && c.Rate <= maxRate):
		return fmt.Errorf("rate %v: allowed are %v to %v", c.Rate, minRate, maxRate)
	case c.StrobePeriod < 0 || c.StrobePeriod > maxPeriod:
		return fmt.Errorf("strobe_period_ms %d: allowed are 0 to %d (an hour)", c.StrobePeriod, maxPeriod)
	case c.StrobePeriod != 0 && c.Offset == 0:
		return fmt.Errorf("strobe_period_ms %d: allowed is 0 without an offset_ms that comes and goes", c.StrobePeriod)
	case c.Offset == 0 && c.drift() == 0:
		return fmt.Errorf("offset_ms 0 with rate %v: nothing is wrong with that clock, allowed is another offset or rate", c.Rate)
	}
	return nil
}

// shows tells whether a clock that is off by skew is as wrong as asked, some
// time after it began to be. What it gained by its speed may be half of that:
// when it began is not known that well.
func (c Clock) shows(skew, after time.Duration) bool {
	drifted := time.Duration(c.drift() * float64(after))
	tolerance := drifted.Abs() / 2
	if c.Offset != 0 {
		tolerance = max(tolerance, clockTolerance)
	}
	return (skew - c.Offset.Duration() - drifted).Abs() <= tolerance
}

// hostClock is the host's wall clock as it was read, and when that was by a
// clock that nobody sets.
type hostClock struct {
	wall time.Time
	read time.Time
}

func (r *runner) applyClock(ctx context.Context, f *fault) error {
	f.before.hosts = map[int]hostClock{}
	for _, node := range f.nodes {
		_, host, err := r.cluster.ReadClock(node)
		if err != nil {
			return err
		}
		f.before.hosts[node] = hostClock{wall: host, read: r.time.Now()}
	}
	f.before.skewed = r.time.Now()
	return r.each(f.nodes, func(node int) error { return r.cluster.SetClock(ctx, node, f.Fault.Clock) })
}

// liftClock judges while the fault is in force: a drift shows only with time.
func (r *runner) liftClock(ctx context.Context, f *fault) error {
	r.judgeClock(ctx, f)
	return r.each(f.nodes, func(node int) error { return r.cluster.SetClock(ctx, node, r.clockOf(node)) })
}

// clockOf is what the faults in force want of a node's clock: the latest counts.
func (r *runner) clockOf(node int) Clock {
	for _, f := range slices.Backward(r.inForce) {
		if f.Fault.Kind == SkewClock && slices.Contains(f.nodes, node) {
			return f.Fault.Clock
		}
	}
	return Clock{}
}

// judgeClock reads, while the fault is in force, whether each node's clock is
// as wrong as was asked for, and the host's right. The roles are read to show
// that nobody took notice: see the checker's clock-moved-leader.
func (r *runner) judgeClock(ctx context.Context, f *fault) {
	if f.evidence["error"] != "" {
		return
	}
	r.judgeRoles(ctx, f)
	readings, err := readEach(f.nodes, func(node int) (clockReading, error) { return r.readSkewed(ctx, f, node) })
	if err != nil {
		f.evidence["error"] = err.Error()
		return
	}
	f.evidence["clock"] = perNode(f.nodes, func(node int) string { return skew(readings[node].skew) })
	f.evidence["host_clock_moved"] = perNode(f.nodes, func(node int) string { return skew(readings[node].hostMoved) })
	f.bit = !slices.ContainsFunc(f.nodes, func(node int) bool {
		return !readings[node].asAsked || readings[node].hostMoved.Abs() > clockTolerance
	})
}

// clockReading is a node's clock, compared with what is asked of it.
type clockReading struct {
	skew      time.Duration // of the node against its host
	asAsked   bool
	hostMoved time.Duration // of the host, against the time that really passed
}

// readSkewed reads a node's clock, again and again while the offset of a strobe
// is away.
func (r *runner) readSkewed(ctx context.Context, f *fault, node int) (clockReading, error) {
	period := f.Fault.Clock.StrobePeriod.Duration()
	// Two periods are enough, unless the machine keeps us from looking.
	giveUp := r.time.Now().Add(min(max(2*period, clockTolerance), clockSettlingLimit))
	for {
		process, host, err := r.cluster.ReadClock(node)
		if err != nil {
			return clockReading{}, err
		}
		now, before := r.time.Now(), f.before.hosts[node]
		reading := clockReading{
			skew:      process.Sub(host),
			hostMoved: host.Sub(before.wall) - now.Sub(before.read),
		}
		reading.asAsked = f.Fault.Clock.shows(reading.skew, now.Sub(f.before.skewed))
		if reading.asAsked || period == 0 || now.After(giveUp) {
			return reading, nil
		}
		if !r.time.Sleep(ctx, max(period/4, time.Millisecond)) {
			return reading, nil
		}
	}
}
