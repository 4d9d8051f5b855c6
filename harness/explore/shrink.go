package explore

import (
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/ackproof/ackproof/workloads"
)

// ErrNoFailure says that there is nothing to shrink.
var ErrNoFailure = errors.New("nothing fails in it")

// Shrinking is how a case is shrunk.
type Shrinking struct {
	// BlackBox is that of Look.
	BlackBox bool
	// Over, unless nil, says when to stop and take what has been reached.
	Over func() bool
	// Tell, unless nil, hears of every pass.
	Tell func(Pass)
}

// Pass is a part of the work that is done.
type Pass struct {
	Name  string
	Size  Size // of what has been reached
	Tried int  // simulations so far
}

// Size is how much there is to read in a case.
type Size struct {
	Faults, Ops, Clients, Partitions, Nodes int
	Length                                  time.Duration // of the clients' work
	Events                                  uint64        // of the simulation
}

// Shrunk is what shrinking has come to.
type Shrunk struct {
	Case          Case // with Expect
	Outcome       Outcome
	Before, After Size
	// Firm is how many of OtherSeeds the case fails with, too.
	Firm  int
	Tried int
	// Cut says that there was no time to try everything.
	Cut bool
}

// Shrink makes a case that fails small, so that it can be read. What it returns
// fails in the same class, and breaks a promise if the case does; that it is the
// same bug is likely and not certain, for plainer faults and other seeds are tried
// too. It is deterministic but for Over. Its error is that of a case that cannot be, or
// ErrNoFailure.
func Shrink(c Case, how Shrinking) (Shrunk, error) {
	s := &shrinker{how: how, best: c}
	var performed []workloads.Op
	out, err := Simulate(c, Look{
		BlackBox: how.BlackBox, Performed: func(op workloads.Op) { performed = append(performed, op) },
	})
	switch {
	case err != nil:
		return Shrunk{}, err
	case out.Failure.Class == "":
		return Shrunk{}, ErrNoFailure
	}
	s.outcome = out
	before := sizeOf(c, out)
	before.Ops = len(performed)
	s.run(performed)
	result := s.best
	if !strings.HasSuffix(result.Name, shrunkSuffix) {
		result.Name += shrunkSuffix
	}
	result.Expect = s.outcome.Expectation()
	return Shrunk{
		Case: result, Outcome: s.outcome, Before: before, After: sizeOf(result, s.outcome),
		Firm: s.firm, Tried: s.tried, Cut: s.over(),
	}, nil
}

const shrunkSuffix = ", shrunk"

func sizeOf(c Case, out Outcome) Size {
	clients := c.Clients.Producers + c.Clients.Consumers + c.Clients.Probers + c.Clients.Tenants
	return Size{
		Faults: len(c.Schedule.Steps), Ops: len(c.Plan), Clients: clients, Partitions: int(c.Partitions), Nodes: c.Nodes(),
		Length: c.Schedule.Length.Duration(), Events: out.Events,
	}
}

// shrinker is a case on its way.
type shrinker struct {
	how     Shrinking
	best    Case
	outcome Outcome // of best
	// finishing is set once only what leaves the best as firm as it is may be
	// done; see firmness.
	finishing bool
	firm      int
	tried     int
	kept      int // candidates that became the best
}

func (s *shrinker) over() bool { return s.how.Over != nil && s.how.Over() }

// run makes passes until one round of them changes nothing. Operations are the
// most, so the first rounds leave them out in large chunks: by the time when one
// after the other is tried, a simulation is cheap.
func (s *shrinker) run(performed []workloads.Op) {
	for parts := 16; !s.over(); parts *= parts {
		before := s.kept
		if s.best.Plan == nil {
			s.pass("what clients did", func() { s.writePlan(performed) })
		}
		s.pass("end", s.cutEnd)
		s.pass("start", s.cutStart)
		s.pass("faults", s.dropSteps)
		s.pass("one plain fault", s.onePlainFault)
		s.pass("weather", s.calmWeather)
		s.pass("timeouts", s.usualTimes)
		s.pass("kinds of faults", s.simplerFaults)
		s.pass("partitions", s.fewerPartitions)
		s.pass("nodes", s.fewerNodes)
		s.pass("operations", func() { s.dropOps(parts) })
		s.pass("clients", s.fewerClients)
		s.pass("end", s.cutEnd)
		s.pass("time", s.closeGaps)
		if s.kept == before && parts > len(s.best.Plan) {
			break
		}
		parts = min(parts, 1<<15)
	}
	s.pass("names of nodes", s.nameNodes)
	s.finishing, s.firm = true, s.firmness(s.best)
	s.pass("room", s.giveRoom)
	s.pass("weather", s.calmWeather)
	s.pass("kinds of faults", s.simplerFaults)
	s.pass("round times", s.roundTimes)
}

func (s *shrinker) pass(name string, do func()) {
	if s.over() {
		return
	}
	before := s.kept
	do()
	if s.how.Tell != nil && s.kept > before {
		s.how.Tell(Pass{Name: name, Size: sizeOf(s.best, s.outcome), Tried: s.tried})
	}
}

// writePlan makes what the clients did the plan, so that single operations can
// be left out.
func (s *shrinker) writePlan(performed []workloads.Op) {
	c := s.best
	c.Plan = append([]workloads.Op{}, performed...)
	s.try(c.until(c.Schedule.Length))
}

// A candidate is tried with several seeds if that is cheap: what was left out may
// have re-dealt what follows, and the failure may need some luck.
const (
	manySeeds = 4
	calmSeeds = 20
	cheap     = 20_000 // events
)

// worth is how many seeds a candidate is tried with that is worth so many.
func (s *shrinker) worth(seeds int) int {
	if s.outcome.Events > cheap {
		return 1
	}
	return seeds
}

// try makes a candidate the best if it fails in the same way, with the seed of
// the best or another one.
func (s *shrinker) try(c Case) bool {
	return s.tryWith(s.worth(manySeeds), c)
}

func (s *shrinker) tryWith(seeds int, c Case) bool {
	if s.finishing {
		return s.tryFirm(c)
	}
	for i := range seeds {
		c.Seed = s.best.Seed + uint64(i)
		if out, fails := s.fails(c); fails {
			s.keep(c, out)
			return true
		}
	}
	return false
}

// tryOther is try for a candidate that may be the best itself, which is no
// progress.
func (s *shrinker) tryOther(c Case) bool {
	return !reflect.DeepEqual(c, s.best) && s.try(c)
}

// fails tells whether a case fails as the best does.
func (s *shrinker) fails(c Case) (Outcome, bool) {
	if s.over() || c.Validate() != nil || c.Liveness && !c.asksAs(s.best) {
		return Outcome{}, false
	}
	s.tried++
	out, err := Simulate(c, Look{BlackBox: s.how.BlackBox})
	want := s.outcome.Failure
	return out, err == nil && out.Failure.Class == want.Class && out.Failure.Promised == want.Promised
}

// asksAs tells whether two cases with Liveness ask the same: whether a majority
// gets on without what the last fault takes away. Another fault may well leave no
// majority.
func (c Case) asksAs(other Case) bool {
	a, b := c.Schedule.Steps, other.Schedule.Steps
	return len(a) > 0 && len(b) > 0 && a[len(a)-1].Fault == b[len(b)-1].Fault
}

func (s *shrinker) keep(c Case, out Outcome) {
	s.best, s.outcome = c, out
	s.kept++
}
