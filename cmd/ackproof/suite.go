package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/harness/explore"
	"github.com/ackproof/ackproof/harness/report"
	"github.com/ackproof/ackproof/nemesis"
)

// Rates of commands that make many runs: low enough that two clusters fit on
// two cores without starving each other's heartbeats.
const (
	suiteRate   = 300
	suiteLength = nemesis.Millis(9000)
	// suiteSimulated is for how long the suite simulates.
	suiteSimulated = nemesis.Millis(30_000)
	// quickSimulated is how many rows of that a quick suite has.
	quickSimulated = 2
)

// shownNext is for how many rows the next commands are told.
const shownNext = 3

// parallelRuns is how many runs go on at once: a run mostly waits, for a
// session to expire or a replica to catch up, so two fit on two cores.
func parallelRuns() int { return min(2, runtime.NumCPU()) }

// suite is `ackproof suite durability`.
func (a *app) suite(ctx context.Context, args []string) (int, error) {
	d := harness.Durability{Base: harness.Defaults(), Length: suiteLength}
	d.Base.Rate = suiteRate
	b := harness.Batch{Parallel: parallelRuns()}
	f := a.flags("suite", "durability [flags]")
	f.StringVar(&d.Only, "only", "", "keep the rows whose `name` contains this, such as 'acks=1 crash'")
	f.BoolVar(&d.Quick, "quick", false, "a few telling rows, for CI")
	f.span(&d.Length, "for", "how long faults go on in each run")
	simulated := suiteSimulated
	f.span(&simulated, "sim", "how long to simulate, all rows of that together; 0s leaves them out")
	f.whole(&b.Parallel, "parallel", "runs at a time")
	f.seed(&d.Base.Seed)
	f.load(&d.Base)
	f.cluster(&d.Base, "docker if an engine answers, else local")
	rest, err := f.parse(args)
	if err != nil {
		return 0, err
	}
	if len(rest) != 1 || rest[0] != "durability" {
		return 0, badInput("suite is %q, allowed is durability", strings.Join(rest, " "))
	}
	why := ""
	if d.Base.Cluster == "" {
		if d.Base.Cluster, why, err = dockerIfAny(ctx); err != nil {
			return 0, err
		}
	}
	if _, _, err := d.Plan(b); err != nil {
		return 0, err // before anything is tried on the machine
	}
	if err := a.batch(ctx, &b, &d.Base); err != nil {
		return 0, err
	}
	runs, expected, err := d.Plan(b)
	if err != nil {
		return 0, err
	}
	if d.Only == "" && simulated > 0 {
		if d.Simulated, err = simulate(d, simulated); err != nil {
			return 0, err
		}
		expected += simulated.Duration()
	}
	a.say("durability suite on a %s: %s, %d at a time%s, about %s\n",
		clusterInWords(d.Base.Cluster), count(runs, "run"), b.Parallel, besides(d), report.Span(expected))
	if why != "" {
		a.say("no containers: %s\n", why)
	}
	a.lacks(d.Base.Machine)
	return a.finish(&b, func() (harness.Suite, error) { return d.Run(ctx, b) })
}

// besides tells of the simulations that a suite makes, if it does.
func besides(d harness.Durability) string {
	if d.Simulated == nil {
		return ""
	}
	return ", and simulations"
}

// simulate makes the rows of simulations, each for its part of the time.
func simulate(d harness.Durability, total nemesis.Millis) (harness.Simulated, error) {
	x := exploration{explorer: explore.Explorer{Jobs: runtime.NumCPU(), First: d.Base.Seed}}
	if err := x.prepare(); err != nil {
		return nil, err
	}
	specs := explore.SuiteRows()
	x.explorer.For = total.Duration() / time.Duration(len(specs))
	if d.Quick {
		specs = specs[:quickSimulated]
	}
	return func(ctx context.Context, dir string, tell func(harness.Row)) (rows []harness.Row, err error) {
		for _, spec := range specs {
			row, err := spec.Run(ctx, x.explorer, dir)
			if err != nil {
				return rows, err
			}
			rows = append(rows, row)
			tell(row)
		}
		return rows, nil
	}, nil
}

// batch checks and completes what all commands of many runs share.
func (a *app) batch(ctx context.Context, b *harness.Batch, base *harness.Config) error {
	if b.Parallel < 1 || b.Parallel > 16 {
		return badInput("parallel is %d, allowed are 1 to 16", b.Parallel)
	}
	return a.machine(ctx, base)
}

// finish runs a batch under a progress line, prints its table, and says what to
// type next for each row that is not ok.
func (a *app) finish(b *harness.Batch, run func() (harness.Suite, error)) (int, error) {
	began := time.Now()
	s, err := a.watch(b, run)
	if err != nil {
		return 0, err
	}
	a.table(s, time.Since(began))
	return harness.Exit(s.Rows), nil
}

// watch runs a batch under a progress line.
func (a *app) watch(b *harness.Batch, run func() (harness.Suite, error)) (harness.Suite, error) {
	progress := a.progress()
	defer progress.Done()
	b.Tell = func(p harness.BatchProgress) { tellBatch(progress, p) }
	return run()
}

func (a *app) table(s harness.Suite, took time.Duration) {
	a.say("\n")
	a.say("%s", report.Table(harness.TableRows(s.Rows)))
	a.say("\n%s: %s, %s in %s, files in %s\n", s.Name, s.Status, runsOf(s.Rows), report.Span(took), s.Dir)
	a.next(s.Rows)
}

// runsOf is the number of rows, and of those that ran if an interruption kept
// some from it.
func runsOf(rows []harness.Row) string {
	ran := 0
	for _, r := range rows {
		if r.Ran() {
			ran++
		}
	}
	if ran < len(rows) {
		return fmt.Sprintf("%d of %s", ran, count(len(rows), "run"))
	}
	return count(ran, "run")
}

// next says what to type for the first rows that are not ok.
func (a *app) next(rows []harness.Row) {
	told, more := 0, 0
	for _, r := range rows {
		switch {
		case r.Grade == checker.OK || r.Grade == checker.Skipped || r.Dir+r.Case == "":
		case told == shownNext:
			more++
		default:
			told++
			for _, command := range a.nextCommands(r.Dir, r.Case) {
				a.say("next      %s\n", command)
			}
		}
	}
	if more > 0 {
		a.say("          and so for %d more\n", more)
	}
}

// of is a row's place in the batch, if it has one.
func of(p harness.BatchProgress) string {
	if p.Total == 0 {
		return "[sim]"
	}
	return fmt.Sprintf("[%d/%d]", p.Done, p.Total)
}

// tellBatch shows each finished run as a line and what goes on between them.
func tellBatch(progress *report.Progress, p harness.BatchProgress) {
	if r := p.Finished; r != nil && r.Ran() { // the table lists the others
		progress.Line("%s %-27s %-14s %s", of(p), r.Name, r.Fault, r.Verdict)
	}
	if p.Done < p.Total {
		progress.Now("[%d/%d] about %s left · %s", p.Done, p.Total, report.Span(p.Left), strings.Join(p.Running, " · "))
	}
}
