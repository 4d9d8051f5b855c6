package explore

import (
	"errors"
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
	// Worker is the command of a worker process, and Jobs how many of them simulate
	// at a time, which changes nothing but the time it takes. Without a command
	// this process simulates.
	Worker []string
	Jobs   int
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
	// Firm is how many of OtherSeeds the case fails with, too; -1 if there was no time to
	// ask.
	Firm  int
	Tried int
	// Cut says that there was no time to try everything.
	Cut bool
}

// Shrink makes a case that fails small, so that it can be read. What it returns
// fails in the same class, and breaks a promise if the case does; that it is the
// same bug is likely and not certain, for plainer faults and other seeds are tried
// too. It is deterministic but for Over. Its error is that of a case that cannot be,
// of a worker that is gone, or ErrNoFailure.
func Shrink(c Case, how Shrinking) (Shrunk, error) {
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
	crew, err := hireCrew(how.Worker, how.Jobs, orders{BlackBox: how.BlackBox})
	if err != nil {
		return Shrunk{}, err
	}
	defer crew.end()
	s := newShrinker(c, out.Failure, out.Events, how, crew)
	before := s.size()
	before.Ops = len(performed)
	s.run(performed)
	if s.err != nil {
		return Shrunk{}, s.err
	}
	result := s.best
	if !strings.HasSuffix(result.Name, shrunkSuffix) {
		result.Name += shrunkSuffix
	}
	if out, err = Simulate(result, Look{BlackBox: how.BlackBox}); err != nil {
		return Shrunk{}, err
	}
	result.Expect = out.Expectation()
	firm := -1
	if s.finishing {
		firm = s.firm
	}
	return Shrunk{
		Case: result, Outcome: out, Before: before, After: s.size(),
		Firm: firm, Tried: s.tried, Cut: s.over(),
	}, nil
}

const shrunkSuffix = ", shrunk"

// size is that of the best.
func (s *shrinker) size() Size {
	c := s.best
	clients := c.Clients.Producers + c.Clients.Consumers + c.Clients.Probers + c.Clients.Tenants
	return Size{
		Faults: len(c.Schedule.Steps), Ops: len(c.Plan), Clients: clients, Partitions: int(c.Partitions), Nodes: c.Nodes(),
		Length: c.Schedule.Length.Duration(), Events: s.events,
	}
}

// run makes passes until one round of them changes nothing. A shorter run and fewer
// brokers come first: they make every simulation after them cheaper. Faults come
// before operations: where many operations are left, it takes less luck that one of
// them meets what a fault has done. Those are the most, so the first rounds leave
// them out in large chunks: by the time when one after the other is tried, a
// simulation is cheap.
func (s *shrinker) run(performed []workloads.Op) {
	for parts := 16; !s.over(); parts *= parts {
		before := s.kept
		if s.best.Plan == nil {
			s.pass("what clients did", func() { s.writePlan(performed) })
		}
		s.pass("end", s.cutEnd)
		s.pass("start", s.cutStart)
		s.pass("partitions", s.fewerPartitions)
		s.pass("nodes", s.fewerNodes)
		s.pass("faults", s.dropSteps)
		s.pass("one plain fault", s.onePlainFault)
		s.pass("weather", s.calmWeather)
		s.pass("timeouts", s.usualTimes)
		s.pass("kinds of faults", s.simplerFaults)
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
	s.pass("firmness", s.askFirmness)
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
		s.how.Tell(Pass{Name: name, Size: s.size(), Tried: s.tried})
	}
}

// writePlan makes what the clients did the plan, so that single operations can
// be left out.
func (s *shrinker) writePlan(performed []workloads.Op) {
	c := s.best
	c.Plan = append([]workloads.Op{}, performed...)
	s.try(c.until(c.Schedule.Length))
}
