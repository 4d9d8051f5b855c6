package main

import (
	"cmp"
	"context"
	"time"

	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/harness/report"
)

// replay is `ackproof replay`.
func (a *app) replay(ctx context.Context, args []string) (int, error) {
	base := harness.Defaults()
	times := 1
	b := harness.Batch{Parallel: parallelRuns()}
	f := a.flags("replay", "RUN [flags]")
	f.whole(&times, "n", "how many times")
	f.whole(&b.Parallel, "parallel", "runs at a time")
	f.cluster(&base, "that of the stored run")
	rest, err := f.parse(args)
	if err != nil {
		return 0, err
	}
	if len(rest) != 1 {
		return 0, badInput("allowed is one argument, a run's folder, not %d", len(rest))
	}
	r := harness.Replay{Dir: rest[0], Times: times, Base: base}
	stored, err := r.Stored()
	if err != nil {
		return 0, err
	}
	r.Base.Cluster = cmp.Or(base.Cluster, stored.Cluster)
	if err := a.batch(ctx, &b, &r.Base); err != nil {
		return 0, err
	}
	expected, err := r.Plan(b)
	if err != nil {
		return 0, err
	}
	a.say("replay %s on a %s: %s, %d at a time, about %s\n",
		r.Dir, clusterInWords(r.Base.Cluster), count(times, "time"), b.Parallel, report.Span(expected))
	began := time.Now()
	s, err := a.watch(&b, func() (harness.Suite, error) { return r.Run(ctx, b) })
	if err != nil {
		return 0, err
	}
	a.table(s, time.Since(began))
	violated, unknown := harness.Count(s.Rows)
	a.say("%d of %s violated, %d unknown\n", violated, count(len(s.Rows), "run"), unknown)
	return harness.Exit(s.Rows), nil
}
