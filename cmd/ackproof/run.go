package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/harness/report"
	"github.com/ackproof/ackproof/nemesis"
)

// run is `ackproof run`.
func (a *app) run(ctx context.Context, args []string) (int, error) {
	c := harness.Defaults()
	f := a.flags("run", "[flags]")
	f.StringVar(&c.Acks, "acks", c.Acks, "acks of the producers: all, 1, 0")
	f.whole(&c.MinISR, "min-isr", "min.insync.replicas")
	f.whole(&c.ReplicationFactor, "rf", "replicas of each partition")
	f.BoolVar(&c.Unclean, "unclean", c.Unclean, "allow unclean leader election")
	f.StringVar(&c.Flush, "flush", c.Flush, "flush policy: never, interval, before-ack")
	f.whole(&c.Nodes, "nodes", "brokers")
	f.words(&c.Nemesis, "nemesis", "faults to draw: "+strings.Join(nemesis.LiveMixWords(), ", ")+
		"; or one directed schedule, which brings the configuration that it must hurt unless you give one: "+harness.DirectedSchedules())
	f.StringVar(&c.ScheduleFile, "schedule", "", "schedule `file` to run instead of --nemesis and --for")
	f.length(&c.Length)
	f.StringVar(&c.Mutant, "mutant", "", "protocol bugs to plant in the brokers")
	f.seed(&c.Seed)
	f.load(&c)
	f.cluster(&c, harness.Local)
	rest, err := f.parse(args)
	if err == nil {
		err = none(rest)
	}
	if err != nil {
		return 0, err
	}
	if c, err = c.Fitted(f.given()); err != nil {
		return 0, &harness.InputError{Err: err}
	}
	c.Cluster = cmp.Or(c.Cluster, harness.Local)
	if err := c.Validate(); err != nil {
		return 0, &harness.InputError{Err: err}
	}
	if err := a.machine(ctx, &c); err != nil {
		return 0, err
	}
	if err := harness.Check(ctx, c); err != nil {
		return 0, err
	}
	a.say("on a %s\n", clusterInWords(c.Cluster))
	a.lacks(c.Machine)
	progress := a.progress()
	defer progress.Done()
	out, err := harness.Run(ctx, c, func(p harness.Progress) { tellRun(progress, p) })
	progress.Done()
	if err != nil {
		return 0, err
	}
	a.summary(out)
	return out.Result.ExitCode(), nil
}

// tellRun shows a run's stages as lines and the time left between them.
func tellRun(progress *report.Progress, p harness.Progress) {
	if p.New {
		progress.Line("%6s  %s", report.Span(p.Elapsed), p.Stage)
	}
	progress.Now("%6s  %s (%d acked, about %s left)",
		report.Span(p.Elapsed), p.Stage, p.Acked, report.Span(p.Expected-p.Elapsed))
}

// clusterInWords says what a kind of cluster is made of.
func clusterInWords(kind string) string {
	if kind == harness.Docker {
		return "docker cluster (each broker in a container)"
	}
	return "local cluster (the broker's processes on loopback)"
}

// summary prints the outcome of one run, with what to type next.
func (a *app) summary(out harness.Outcome) {
	r := report.Run{Dir: out.Dir, Result: out.Result}
	if out.Dir != "" {
		c := out.Record.Config
		r.Title = fmt.Sprintf("%s, %d replicas on %d %s brokers, %s, seed %d\nbroker    %s",
			c.Short(), c.ReplicationFactor, c.Nodes, c.Cluster, strings.Join(c.Nemesis, "+"), c.Seed, out.Record.Broker)
		if out.Result.ExitCode() != exitValid {
			r.Next = a.nextCommands(out.Dir, "")
		}
	}
	a.say("%s", report.Summary(r))
}

// nextCommands are what to type after a run that is not ok, or a simulated case.
func (a *app) nextCommands(dir, file string) []string {
	if file != "" {
		return []string{a.name + " replay " + file + " --trace", a.name + " shrink " + file}
	}
	return []string{a.name + " check " + dir, a.name + " replay " + dir + " -n 20"}
}
