package explore

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"iter"
	"reflect"
	"slices"
)

// shrinker is a case on its way.
type shrinker struct {
	how    Shrinking
	crew   *crew
	err    error // of the crew: nothing more can be asked
	best   Case
	want   Failure // what a candidate must fail in: class, and whether it was promised
	events uint64  // of a simulation of the best
	// finishing is set once only what leaves the best as firm as it is may be
	// done; see firm.go.
	finishing bool
	firm      int
	tried     int
	kept      int // candidates that became the best
	// vain are the candidates that did not fail as wanted. Passes come again, and
	// most of what they offer then has been tried.
	vain map[[sha256.Size]byte]bool
}

func newShrinker(c Case, want Failure, events uint64, how Shrinking, crew *crew) *shrinker {
	c.Expect = nil // it is about the case as it was
	return &shrinker{how: how, crew: crew, best: c, want: want, events: events, vain: map[[sha256.Size]byte]bool{}}
}

func (s *shrinker) over() bool { return s.err != nil || s.how.Over != nil && s.how.Over() }

// A candidate is tried with several seeds as far as that is cheap: what was left out
// may have re-dealt what follows, and the failure may need some luck.
const (
	manySeeds = 4
	calmSeeds = 20
	cheap     = 20_000 // events, of all simulations of one candidate
)

// try makes a candidate the best if it fails in the same way, with the seed of
// the best or another one.
func (s *shrinker) try(c Case) bool { return s.first(slices.Values([]Case{c})) == 0 }

// first makes the first of the candidates that fails in the same way the best, and
// returns which it is, or -1. A candidate that is the best itself is no progress.
func (s *shrinker) first(candidates iter.Seq[Case]) int {
	return s.firstWith(manySeeds, candidates)
}

// firstWith is first for candidates that are worth so many seeds.
func (s *shrinker) firstWith(seeds int, candidates iter.Seq[Case]) int {
	if seeds = min(seeds, int(cheap/max(1, s.events))); s.finishing {
		seeds = 1 // other seeds are how firm it is
	}
	seeds = max(1, seeds)
	return s.choose(seeds, candidates, func(f finding) bool { return f.Firm >= s.firm })
}

// choose is first for so many seeds, and for what fails in a way that will do.
func (s *shrinker) choose(seeds int, candidates iter.Seq[Case], will func(finding) bool) int {
	chosen, before := -1, s.best
	type about struct {
		candidate int
		digest    [sha256.Size]byte
	}
	var asked []about
	// seen are those that were asked about here: the answer may not be there yet, and
	// would be the same.
	seen := map[[sha256.Size]byte]bool{}
	questions := func(yield func(job) bool) {
		n := -1
		for c := range candidates {
			n++
			if c.Liveness && !c.asksAs(before) || reflect.DeepEqual(c, before) || c.Validate() != nil {
				continue
			}
			for i := range seeds {
				c := c // several are asked about at a time
				c.Seed = before.Seed + uint64(i)
				if s.over() {
					return
				}
				this := about{n, digest(c)}
				if seen[this.digest] || !s.finishing && s.vain[this.digest] {
					continue
				}
				seen[this.digest] = true
				asked = append(asked, this)
				if !yield(job{Case: &c, Firmness: s.finishing}) {
					return
				}
			}
		}
	}
	s.ask(questions, func(j job, f finding) bool {
		this := asked[0]
		asked = asked[1:]
		s.tried++
		if f.Failure.Class != s.want.Class || f.Failure.Promised != s.want.Promised {
			s.vain[this.digest] = true
			return false
		}
		if s.finishing {
			s.tried += OtherSeeds
		}
		if !will(f) {
			return false
		}
		s.best, s.events, s.firm = *j.Case, f.Events, f.Firm
		s.kept++
		chosen = this.candidate
		return true
	})
	return chosen
}

// ask asks the crew.
func (s *shrinker) ask(questions iter.Seq[job], hear func(job, finding) (enough bool)) {
	s.err = errors.Join(s.err, s.crew.ask(questions, hear))
}

// digest tells cases apart.
func digest(c Case) [sha256.Size]byte {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // a case is numbers and words
	}
	return sha256.Sum256(data)
}

// asksAs tells whether two cases with Liveness ask the same: whether a majority
// gets on without what the last fault takes away. Another fault may well leave no
// majority.
func (c Case) asksAs(other Case) bool {
	a, b := c.Schedule.Steps, other.Schedule.Steps
	return len(a) > 0 && len(b) > 0 && a[len(a)-1].Fault == b[len(b)-1].Fault
}

// each makes the changes one after the other; those that leave the failure stay.
func (s *shrinker) each(changes ...func(Case) Case) {
	for len(changes) > 0 {
		before := s.best
		chosen := s.first(func(yield func(Case) bool) {
			for _, change := range changes {
				if !yield(change(before)) {
					return
				}
			}
		})
		if chosen < 0 {
			return
		}
		changes = changes[chosen+1:]
	}
}

// changed is a candidate for each of the values.
func changed[T any](values []T, to func(T) Case) iter.Seq[Case] {
	return func(yield func(Case) bool) {
		for _, v := range values {
			if !yield(to(v)) {
				return
			}
		}
	}
}
