package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/ackproof/ackproof/harness/explore"
)

// shrink is `ackproof shrink`.
func (a *app) shrink(ctx context.Context, args []string) (int, error) {
	limit, jobs := time.Minute, runtime.NumCPU()
	f := a.flags("shrink", "CASE [flags]")
	f.note = "exit codes are verdicts: 1 if the shrunk case fails, as it should, 2 if what fails is the simulator itself, 254 if nothing fails in CASE"
	to := f.String("o", "", "`file` that gets the result, with a script of it beside (default: X.min.json beside a case X.json or X.min.json, which is replaced)")
	f.Func("for", "`time` to take at most (default 1m)", func(s string) (err error) {
		if limit, err = time.ParseDuration(s); err != nil || limit <= 0 {
			return errors.New("allowed is a time such as 60s or 2m")
		}
		return nil
	})
	f.whole(&jobs, "jobs", "worker processes; the result is the same with any number of them")
	blackBox := f.Bool("black-box", false, "judge by what clients see alone")
	rest, err := f.parse(args)
	if err != nil {
		return 0, err
	}
	if len(rest) != 1 {
		return 0, badInput("allowed is one argument, the file of a case, not %d", len(rest))
	}
	if jobs < 1 || jobs > maxJobs {
		return 0, badInput("jobs is %d, allowed are 1 to %d", jobs, maxJobs)
	}
	worker, err := workerOfOurs()
	if err != nil {
		return 0, err
	}
	path := exhibited(rest[0])
	if isFolder(path) {
		return 0, badInput("%s is a folder, allowed is the file of a case; explore --from makes cases of a live run's failure", path)
	}
	c, err := explore.Load(path)
	if err != nil {
		return 0, badInput("%w", err)
	}
	if *to == "" {
		*to = shrunkName(path)
	}
	if err := writable(*to); err != nil {
		return 0, badInput("o is %q, allowed is a file that can be written to: %w", *to, err)
	}

	a.say("case      %v\n", c)
	progress := a.progress()
	began := time.Now()
	over := func() bool { return ctx.Err() != nil || time.Since(began) > limit }
	result, err := explore.Shrink(c, explore.Shrinking{
		BlackBox: *blackBox, Worker: worker, Jobs: jobs, Over: over,
		Tell: func(p explore.Pass) {
			progress.Line("%5.1fs  %-18s %s", time.Since(began).Seconds(), p.Name, shortSize(p.Size))
		},
	})
	progress.Done()
	if err != nil {
		return 0, badInput("%s: %w", path, err)
	}
	if err := a.keepShrunk(*to, result, *blackBox); err != nil {
		return 0, err
	}
	a.tellShrunk(*to, result, time.Since(began))
	return exitOfCase(result.Outcome), nil
}

// shrunkName is where the result goes. What is shrunk again keeps its name.
func shrunkName(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(path, ".json"), ".min") + ".min.json"
}

// keepShrunk writes the case and its script.
func (a *app) keepShrunk(to string, result explore.Shrunk, blackBox bool) error {
	if err := result.Case.Save(to); err != nil {
		return err
	}
	script, err := result.Case.Script(blackBox)
	if err != nil {
		return err
	}
	return os.WriteFile(scriptOf(to), []byte(script), 0o644)
}

func scriptOf(path string) string { return strings.TrimSuffix(path, ".json") + ".script" }

// writable tells whether a file can be made or changed, and changes nothing.
func writable(path string) error {
	_, missing := os.Stat(path)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil || missing == nil {
		return err
	}
	return os.Remove(path)
}

// tellShrunk compares before and after.
func (a *app) tellShrunk(to string, s explore.Shrunk, took time.Duration) {
	a.say("\n%-11s %9s %9s\n", "", "before", "after")
	before, after := sizeRows(s.Before), sizeRows(s.After)
	for i, name := range sizeNames {
		a.say("%-11s %9s %9s\n", name, before[i], after[i])
	}
	a.say("\n")
	for _, step := range s.Case.Schedule.Steps {
		a.say("fault     %v\n", step)
	}
	a.say("verdict   %s\n", caseVerdict(s.Outcome))
	if s.Firm >= 0 {
		a.say("firm      it fails with %d of %d other seeds, too\n", s.Firm, explore.OtherSeeds)
	}
	cut := ""
	if s.Cut {
		cut = "; there was no time to try everything, --for gives more"
	}
	a.say("took      %.1fs, %s%s\n", took.Seconds(), count(s.Tried, "simulation"), cut)
	a.say("written   %s, %s\n", to, scriptOf(to))
	a.say("next      %s replay %s --trace\n", a.name, to)
}
