package explore

import (
	"cmp"
	"slices"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// OtherSeeds is with how many seeds more it is asked how firm a case is.
const OtherSeeds = 5

// firmness is how many of the seeds that follow fail in the same way, too. A case
// that is cut to the millisecond fails with one seed and one build; one that is to
// be kept should outlast both.
func (c Case) firmness(as Failure, look Look) (n int, err error) {
	for range OtherSeeds {
		c.Seed++
		out, err := Simulate(c, look)
		if err != nil {
			return 0, err
		}
		if out.Failure.Class == as.Class && out.Failure.Promised == as.Promised {
			n++
		}
	}
	return n, nil
}

// askFirmness begins the finish: from now on a candidate must be no less firm.
func (s *shrinker) askFirmness() {
	s.finishing = true
	same := s.best
	s.ask(slices.Values([]job{{Case: &same, Firmness: true}}), func(_ job, f finding) bool {
		s.firm = f.Firm
		s.tried += 1 + OtherSeeds
		return true
	})
}

// giveRoom lets more time pass between things where that makes the case firmer.
// There must be few of them.
func (s *shrinker) giveRoom() {
	const few = 40
	for s.firm < OtherSeeds && len(s.best.moments()) <= few && s.roomSomewhere() {
	}
}

// roomSomewhere gives room at one place, if that makes the case firmer.
func (s *shrinker) roomSomewhere() bool {
	before, moments := s.best, s.best.moments()
	firmer := func(f finding) bool { return f.Firm > s.firm }
	return s.choose(1, func(yield func(Case) bool) {
		for _, more := range []nemesis.Millis{100, 300, 1000, 3000} {
			for i := len(moments) - 1; i > 0; i-- {
				later := func(t nemesis.Millis) nemesis.Millis {
					if t >= moments[i] {
						return t + more
					}
					return t
				}
				if !yield(before.warp(later)) {
					return
				}
			}
		}
	}, firmer) >= 0
}

// roundTimes makes times easy to read: all of them at once if that can be, else
// each for itself.
func (s *shrinker) roundTimes() {
	units := []nemesis.Millis{1000, 500, 100, 50, 10}
	before := s.best
	if s.first(changed(units, func(unit nemesis.Millis) Case { return before.warp(roundTo(unit)) })) >= 0 {
		return
	}
	for i := range s.best.Schedule.Steps {
		before := s.best
		s.first(changed(units, func(unit nemesis.Millis) Case {
			c := before
			c.Schedule.Steps = slices.Clone(c.Schedule.Steps)
			step := &c.Schedule.Steps[i]
			end := roundTo(unit)(step.At + step.For)
			step.At = roundTo(unit)(step.At)
			step.For = max(1, end-step.At)
			c.Schedule.Length = max(c.Schedule.Length, end)
			return c.inOrder()
		}))
	}
	for i := range s.best.Plan {
		before := s.best
		s.first(changed(units, func(unit nemesis.Millis) Case {
			c := before
			c.Plan = slices.Clone(c.Plan)
			c.Plan[i].At = workloads.Millis(roundTo(unit)(nemesis.Millis(c.Plan[i].At)))
			return c
		}))
	}
}

func roundTo(unit nemesis.Millis) func(nemesis.Millis) nemesis.Millis {
	return func(t nemesis.Millis) nemesis.Millis { return (t + unit/2) / unit * unit }
}

// inOrder sorts steps by their beginning, as a schedule must.
func (c Case) inOrder() Case {
	slices.SortStableFunc(c.Schedule.Steps, func(a, b nemesis.Step) int { return cmp.Compare(a.At, b.At) })
	return c
}
