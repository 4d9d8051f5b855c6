package explore

import (
	"context"
	"time"

	"github.com/ackproof/ackproof/broker/mutant"
)

// Hunt is how long it takes to catch a planted bug.
type Hunt struct {
	Row mutant.Row
	// BlackBox is the catch by what clients see, WhiteBox with the look inside.
	BlackBox, WhiteBox Catch
}

// Catch is the first case that failed.
type Catch struct {
	// Class of the failure; "" if there was none within the budget.
	Class string
	// Cases were simulated until then, in Took.
	Cases uint64
	Took  time.Duration
	Case  Case
}

// HuntMutant explores with a planted bug until it is caught, first by clients
// alone and then with the look inside, each within the budget.
func (e Explorer) HuntMutant(ctx context.Context, row mutant.Row, budget time.Duration) (Hunt, error) {
	h := Hunt{Row: row}
	for _, look := range []struct {
		blackBox bool
		catch    *Catch
	}{{true, &h.BlackBox}, {false, &h.WhiteBox}} {
		e.Bounds.Mutant, e.BlackBox, e.For, e.KeepGoing = string(row.Name), look.blackBox, budget, false
		e.Fail = func(f Found) {
			if look.catch.Class == "" {
				look.catch.Class, look.catch.Case = f.Failure.Class, f.Case
			}
		}
		state, err := e.Explore(ctx, NewState(e.First))
		if err != nil {
			return h, err
		}
		look.catch.Cases, look.catch.Took = state.Cases, state.Took
	}
	return h, ctx.Err()
}
