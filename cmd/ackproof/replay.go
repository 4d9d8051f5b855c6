package main

import (
	"cmp"
	"context"
	"flag"
	"os"
	"slices"
	"time"

	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/harness/report"
)

// replay is `ackproof replay`.
func (a *app) replay(ctx context.Context, args []string) (int, error) {
	base := harness.Defaults()
	times := 1
	b := harness.Batch{Parallel: parallelRuns()}
	var asCase caseReplay
	f := a.flags("replay", "RUN|CASE [flags]")
	f.whole(&times, "n", "how many times")
	f.whole(&b.Parallel, "parallel", "runs at a time")
	f.cluster(&base, "that of the stored run")
	f.caseFlags(&asCase)
	f.note = "The exit code is the verdict: 0 valid, 1 invalid, 2 unknown. A case that is to fail, such as one of the gallery, " +
		"exits with 1 where it comes as expected; the line \"expected\" says whether it does."
	rest, err := f.parse(args)
	if err != nil {
		return 0, err
	}
	if len(rest) != 1 {
		return 0, badInput("allowed is one argument, a run's folder or a case's file, not %d", len(rest))
	}
	rest[0] = exhibited(rest[0])
	if isFile(rest[0]) {
		if err := f.refuse(runOnly, "a run's folder"); err != nil {
			return 0, err
		}
		return a.replayCase(ctx, rest[0], asCase)
	}
	if err := f.refuse(caseOnly, "a case's file"); err != nil {
		return 0, err
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

// isFile tells a case's file from a run's folder.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// isFolder tells a folder from a file.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// refuse names the first flag given that only means something for something else.
func (f *flags) refuse(names []string, allowedWith string) (err error) {
	f.Visit(func(fl *flag.Flag) {
		if err == nil && slices.Contains(names, fl.Name) {
			err = badInput("%s is given, allowed with %s only", fl.Name, allowedWith)
		}
	})
	return err
}
