package explore

import (
	"cmp"
	"slices"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// OtherSeeds is with how many seeds more it is asked how firm a case is.
const OtherSeeds = 5

// firmness is how many of the seeds that follow fail too. A case that is cut to
// the millisecond fails with one seed and one build; one that is to be kept should
// outlast both.
func (s *shrinker) firmness(c Case) (n int) {
	for range OtherSeeds {
		c.Seed++
		if _, fails := s.fails(c); fails {
			n++
		}
	}
	return n
}

// tryFirm makes a candidate the best if it fails in the same way and is no less
// firm.
func (s *shrinker) tryFirm(c Case) bool {
	out, fails := s.fails(c)
	if !fails {
		return false
	}
	firm := s.firmness(c)
	if firm < s.firm || s.over() {
		return false
	}
	s.keep(c, out)
	s.firm = firm
	return true
}

// giveRoom lets more time pass between things where that makes the case firmer.
// There must be few of them.
func (s *shrinker) giveRoom() {
	const few = 40
	for s.firm < OtherSeeds && len(s.best.moments()) <= few {
		before := s.firm
		for _, more := range []nemesis.Millis{100, 300, 1000, 3000} {
			moments := s.best.moments()
			for i := len(moments) - 1; i > 0 && s.firm == before; i-- {
				s.tryFirmer(s.best.warp(func(t nemesis.Millis) nemesis.Millis {
					if t >= moments[i] {
						return t + more
					}
					return t
				}))
			}
		}
		if s.firm == before {
			return
		}
	}
}

func (s *shrinker) tryFirmer(c Case) {
	if out, fails := s.fails(c); fails {
		if firm := s.firmness(c); firm > s.firm {
			s.keep(c, out)
			s.firm = firm
		}
	}
}

// roundTimes makes times easy to read: all of them at once if that can be, else
// each for itself.
func (s *shrinker) roundTimes() {
	for _, unit := range []nemesis.Millis{1000, 500, 100, 50, 10} {
		if s.tryOther(s.best.warp(roundTo(unit))) {
			return
		}
	}
	for i := range s.best.Schedule.Steps {
		for _, unit := range []nemesis.Millis{1000, 500, 100, 50, 10} {
			c := s.best
			c.Schedule.Steps = slices.Clone(c.Schedule.Steps)
			step := &c.Schedule.Steps[i]
			end := roundTo(unit)(step.At + step.For)
			step.At = roundTo(unit)(step.At)
			step.For = max(1, end-step.At)
			c.Schedule.Length = max(c.Schedule.Length, end)
			if s.tryOther(c.inOrder()) {
				break
			}
		}
	}
	for i := range s.best.Plan {
		for _, unit := range []nemesis.Millis{1000, 500, 100, 50, 10} {
			c := s.best
			c.Plan = slices.Clone(c.Plan)
			c.Plan[i].At = workloads.Millis(roundTo(unit)(nemesis.Millis(c.Plan[i].At)))
			if s.tryOther(c) {
				break
			}
		}
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
