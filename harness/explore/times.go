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
		fit(step)
		c.Schedule.Length = max(c.Schedule.Length, step.At+step.For)
	}
	c.Plan = slices.Clone(c.Plan)
	for i := range c.Plan {
		c.Plan[i].At = workloads.Millis(to(nemesis.Millis(c.Plan[i].At)))
	}
	return c
}

// fit keeps the time that a step waits after its event below half of its own, as
// schedules must.
func fit(s *nemesis.Step) { s.Later = max(0, min(s.Later, s.For-s.For/2-1)) }

// until is the case cut off at a time: what would begin later does not, and what
// would end later ends then.
func (c Case) until(end nemesis.Millis) Case {
	c.Schedule.Length = end
	c.Schedule.Steps = slices.DeleteFunc(slices.Clone(c.Schedule.Steps), func(s nemesis.Step) bool { return s.At >= end })
	for i := range c.Schedule.Steps {
		step := &c.Schedule.Steps[i]
		step.For = min(step.For, end-step.At)
		fit(step)
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
// since a shorter simulation is a cheaper one, and so the shortest are tried first.
// What comes before the end stays the same with the same seed.
func (s *shrinker) cutEnd() {
	const enough = 100 // ms
	for low, high := nemesis.Millis(0), s.best.Schedule.Length; high-low > enough; {
		ends := between(low, high)
		before := s.best
		switch earliest := s.firstWith(1, changed(ends, before.until)); earliest {
		case -1:
			low = ends[len(ends)-1]
		case 0:
			high = ends[0]
		default:
			low, high = ends[earliest-1], ends[earliest]
		}
	}
}

// between are the quarters of a span.
func between(low, high nemesis.Millis) []nemesis.Millis {
	return []nemesis.Millis{(3*low + high) / 4, (low + high) / 2, (low + 3*high) / 4}
}

// cutStart looks for the latest beginning that leaves the failure: most of what
// happened long before matters no more.
func (s *shrinker) cutStart() {
	const enough = 200                                 // ms
	for end := s.best.Schedule.Length; end > enough; { // what is cut there is too much
		var starts []nemesis.Millis // the latest first
		for start := end / 2; start > enough/2; start /= 2 {
			starts = append(starts, start)
		}
		latest := s.first(changed(starts, s.best.from))
		if latest < 0 {
			return
		}
		end = starts[latest] // from the new beginning on; as much again was too much
	}
}

// closeGaps lets time pass faster where nothing is planned, beginning with the
// last gap: faults get shorter by it, and the failure comes earlier.
func (s *shrinker) closeGaps() {
	const enough = 50 // ms
	moments := s.best.moments()
	for i := len(moments) - 1; i > 0; i-- {
		from, gap := moments[i-1], moments[i]-moments[i-1]
		for most := gap; most > enough && gap > enough; {
			var cuts []nemesis.Millis // the longest first
			for cut := most; cut > enough; cut /= 2 {
				cuts = append(cuts, cut)
			}
			before := s.best
			longest := s.first(changed(cuts, func(cut nemesis.Millis) Case {
				return before.warp(func(t nemesis.Millis) nemesis.Millis {
					if t > from {
						return max(from, t-cut)
					}
					return t
				})
			}))
			if longest < 0 {
				break
			}
			gap -= cuts[longest]
			most = min(cuts[longest], gap)
		}
	}
}
