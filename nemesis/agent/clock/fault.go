package clock

import "time"

// Fault is a clock that is wrong in a way that changes by itself.
type Fault struct {
	Offset time.Duration
	Rate   float64 // 0 stands for 1
	// Strobe is added in every second Period.
	Strobe time.Duration
	Period time.Duration
}

// Strobes tells whether the setting changes with time.
func (f Fault) Strobes() bool { return f.Strobe != 0 && f.Period > 0 }

// setting is what the clock is to be at now, for a fault that began at since.
// The elapsed time is monotonic, so that a step of the host's clock does not
// change the phase.
func (f Fault) setting(since, now time.Time) Setting {
	s := Setting{Offset: f.Offset, Rate: f.Rate, Since: since}
	if f.Strobes() && (now.Sub(since)/f.Period)%2 == 1 {
		s.Offset += f.Strobe
	}
	return s
}
