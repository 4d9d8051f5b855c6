package explore

import (
	"context"
	"time"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// A dense case has about half as many faults and operations again as DenseFaults and
// DenseOps: much more than any bug takes, so that it shows what shrinking can do.
const (
	DenseFaults = 100
	DenseOps    = 1000
)

// denseLength is how long clients work in a case that is like an exhibit.
const denseLength nemesis.Millis = 30_000

// denser is the profile with more of what it has, and nothing that it has not.
func (p Profile) denser() Profile {
	work := p.length.Duration()
	p.every = min(p.every, work*2/(3*DenseFaults))
	p.clients.Rate = max(p.clients.Rate, int(3*DenseOps*time.Second/(2*work)))
	return p
}

// FindDense explores, from the first seed on and for so long at most, until a case
// of DenseFaults and DenseOps fails as a small one does: with the same promise and
// planted bug, in the class for the clients that it is expected to. It is the one of the lowest seed,
// whatever the number of jobs; nil if there was no time to find one.
func (e Explorer) FindDense(ctx context.Context, like Case, within time.Duration) (*Case, error) {
	e.Bounds = Bounds{
		Acks: like.Config.Acks, MinISR: like.Config.MinISR, Unclean: like.Config.UncleanElection, Flush: like.Config.Flush,
		Mutant: like.Mutant, Unpromised: like.Mutant == "", Dense: true, Length: denseLength,
	}
	e.BlackBox, e.Unguided, e.KeepGoing, e.Seeds = true, true, false, 0
	e.Accuse = func(f Failure) bool {
		return f.Class == like.Expect.Failure && f.Promised == (like.Mutant != "")
	}
	var found *Case
	var broken error
	e.Fail = func(f Found) {
		dense, err := f.Case.isDense()
		if err != nil {
			broken = err
		}
		if dense && (found == nil || f.Case.Seed < found.Seed) {
			found = &f.Case
		}
	}
	began, state := time.Now(), NewState(e.First)
	for found == nil && broken == nil && ctx.Err() == nil && time.Since(began) < within {
		e.For = within - time.Since(began)
		var err error
		if state, err = e.Explore(ctx, state); err != nil {
			return nil, err
		}
	}
	return found, broken
}

// isDense counts what is in a case; how many operations clients come to shows in a
// simulation only.
func (c Case) isDense() (bool, error) {
	if len(c.Schedule.Steps) < DenseFaults {
		return false, nil
	}
	ops := 0
	_, err := Simulate(c, Look{BlackBox: true, Performed: func(workloads.Op) { ops++ }})
	return ops >= DenseOps, err
}
