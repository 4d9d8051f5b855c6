package main

import (
	"context"
	"fmt"

	"github.com/ackproof/ackproof/harness"
)

// replay is `ackproof replay`.
func (a *app) replay(ctx context.Context, args []string) (int, error) {
	base := harness.Defaults()
	times := 1
	b := harness.Batch{Parallel: parallelRuns()}
	f := a.flags("replay", "RUN [flags]")
	f.whole(&times, "n", "how many times")
	f.whole(&b.Parallel, "parallel", "runs at a time")
	f.cluster(&base)
	rest, err := f.parse(args)
	if err != nil {
		return 0, err
	}
	if len(rest) != 1 {
		return 0, badInput("allowed is one argument, a run's folder, not %d", len(rest))
	}
	if err := a.batch(&b, &base); err != nil {
		return 0, err
	}
	r := harness.Replay{Dir: rest[0], Times: times, Results: base.Results, Broker: base.Broker}
	fmt.Fprintf(a.stdout, "replay %s on a %s cluster, %d times\n", r.Dir, base.Cluster, times)
	s, err := a.watch(&b, func() (harness.Suite, error) { return r.Run(ctx, b) })
	if err != nil {
		return 0, err
	}
	a.table(s, 0)
	violated, unknown := harness.Count(s.Rows)
	fmt.Fprintf(a.stdout, "%d of %d runs violated, %d unknown\n", violated, len(s.Rows), unknown)
	return harness.Exit(s.Rows), nil
}
