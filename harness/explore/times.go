package explore

import (
	"slices"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// warp moves every time of a case: faults' beginnings and ends, operations, and
// the end of the clients' work. To must keep the order of times.
func (c Case) warp(to func(nemesis.Millis) nemesis.Millis) Case {
	c.Schedule.Length = max(1, to(c.Schedule.Length))
	c.Schedule.Steps = slices.Clone(c.Schedule.Steps)
	for i := range c.Schedule.Steps {
		step := &c.Schedule.Steps[i]
		from, end := to(step.At), to(step.At+step.For)
		step.At, step.For = from, max(1, end-from)
		c.Schedule.Length = max(c.Schedule.Length, step.At+step.For)
	}
	c.Plan = slices.Clone(c.Plan)
	for i := range c.Plan {
		c.Plan[i].At = workloads.Millis(to(nemesis.Millis(c.Plan[i].At)))
	}
	return c
}

// until is the case cut off at a time: what would begin later does not, and what
// would end later ends then.
func (c Case) until(end nemesis.Millis) Case {
	c.Schedule.Length = end
	c.Schedule.Steps = slices.DeleteFunc(slices.Clone(c.Schedule.Steps), func(s nemesis.Step) bool { return s.At >= end })
	for i := range c.Schedule.Steps {
		step := &c.Schedule.Steps[i]
		step.For = min(step.For, end-step.At)
	}
	if c.Plan != nil {
		c.Plan = slices.DeleteFunc(slices.Clone(c.Plan), func(op workloads.Op) bool { return nemesis.Millis(op.At) >= end })
	}
	return c
}

// from is the case begun at a time: what would have begun earlier does not.
func (c Case) from(start nemesis.Millis) Case {
	c.Schedule.Steps = slices.DeleteFunc(slices.Clone(c.Schedule.Steps), func(s nemesis.Step) bool { return s.At < start })
	if c.Plan != nil {
		c.Plan = slices.DeleteFunc(slices.Clone(c.Plan), func(op workloads.Op) bool { return nemesis.Millis(op.At) < start })
	}
	return c.warp(func(t nemesis.Millis) nemesis.Millis { return t - start })
}

// moments lists, in order, when something is planned.
func (c Case) moments() []nemesis.Millis {
	all := []nemesis.Millis{0, c.Schedule.Length}
	for _, step := range c.Schedule.Steps {
		all = append(all, step.At, step.At+step.For)
	}
	for _, op := range c.Plan {
		all = append(all, nemesis.Millis(op.At))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// cutEnd looks for the earliest end that leaves the failure. It comes first,
// since a shorter simulation is a cheaper one. What comes before the end stays
// the same with the same seed.
func (s *shrinker) cutEnd() {
	const enough = 100 // ms
	for low, high := nemesis.Millis(0), s.best.Schedule.Length; high-low > enough; {
		middle := (low + high) / 2
		if s.tryWith(1, s.best.until(middle)) {
			high = middle
		} else {
			low = middle
		}
	}
}

// cutStart looks for the latest beginning that leaves the failure: most of what
// happened long before matters no more.
func (s *shrinker) cutStart() {
	const enough = 200                                   // ms
	for high := s.best.Schedule.Length; high > enough; { // what is cut there is too much
		middle := high / 2
		if s.try(s.best.from(middle)) {
			high -= middle
		} else {
			high = middle
		}
	}
}

// closeGaps lets time pass faster where nothing is planned, beginning with the
// last gap: faults get shorter by it, and the failure comes earlier.
func (s *shrinker) closeGaps() {
	const enough = 50 // ms
	moments := s.best.moments()
	for i := len(moments) - 1; i > 0; i-- {
		from, gap := moments[i-1], moments[i]-moments[i-1]
		for less := gap; less > enough && gap > enough; {
			closer := func(t nemesis.Millis) nemesis.Millis {
				if t > from {
					return max(from, t-less)
				}
				return t
			}
			if s.try(s.best.warp(closer)) {
				gap -= less
				less = min(less, gap)
			} else {
				less /= 2
			}
		}
	}
}
