package main

import (
	"context"
	"errors"
	"flag"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/nemesis"
)

// nemesis is `ackproof nemesis`: faults by hand, on the cluster of `cluster up`.
func (a *app) nemesis(ctx context.Context, args []string) (int, error) {
	var (
		dir   = filepath.Join("results", "cluster")
		fault nemesis.Fault
	)
	f := a.flags("nemesis", "apply KIND TARGET [flags] | heal [STEP] | list")
	f.StringVar(&dir, "dir", dir, "`folder` of the cluster")
	f.StringVar((*string)(&fault.Shape), "shape", "", "which links a partition, delay, loss, reset or reorder acts on: isolate, halves, one-way-in, one-way-out, ring, bridge (default isolate)")
	f.BoolVar(&fault.Clients, "clients", false, "act on the links with clients too")
	f.span(&fault.Delay, "delay", "of a delay or a reorder: how late packets come")
	f.span(&fault.Jitter, "jitter", "of a delay or a reorder: how much later still, at most")
	f.Float64Var(&fault.Loss, "loss", 0, "of a loss: how many of a hundred packets")
	f.span(&fault.Clock.Offset, "offset", "of a clock: how far ahead")
	f.Float64Var(&fault.Clock.Rate, "rate", 0, "of a clock: its speed, 1 is right")
	f.span(&fault.Clock.StrobePeriod, "strobe", "of a clock: the offset counts in every second such time only")
	rest, err := f.parse(args)
	if err != nil {
		return 0, err
	}
	what, err := byHand(f.FlagSet, rest, fault)
	if err != nil {
		return 0, err
	}
	cluster, err := harness.ReadPlayground(dir)
	if errors.Is(err, harness.ErrNotUp) {
		return 0, &harness.InputError{Err: err}
	}
	if err != nil {
		return 0, err
	}
	reports, err := cluster.Ask(ctx, what)
	if err != nil {
		return 0, err
	}
	if len(reports) == 0 {
		a.say("no fault is in force\n")
	}
	for _, r := range reports {
		a.tellFault(r)
	}
	return exitValid, nil
}

// byHand reads what is asked for.
func byHand(flags *flag.FlagSet, args []string, fault nemesis.Fault) (harness.ByHand, error) {
	word := ""
	if len(args) > 0 {
		word = args[0]
	}
	// A flag of another word would be a fault that nobody gets.
	if word != "apply" {
		var stray string
		flags.Visit(func(f *flag.Flag) {
			if f.Name != "dir" {
				stray = f.Name
			}
		})
		if stray != "" {
			return harness.ByHand{}, badInput("--%s: allowed with apply only, not with %q", stray, word)
		}
	}
	switch {
	case word == "apply" && len(args) == 3:
		fault.Kind, fault.Target = nemesis.Kind(args[1]), nemesis.Target(args[2])
		if fault.Kind.OnLinks() && fault.Shape == "" {
			fault.Shape = nemesis.Isolate
		}
		return harness.ByHand{Apply: &fault}, nil
	case word == "apply":
		return harness.ByHand{}, badInput("apply: allowed are a kind and a target, such as: apply kill leader")
	case word == "heal" && len(args) <= 2:
		step := 0
		if len(args) == 2 {
			var err error
			if step, err = strconv.Atoi(args[1]); err != nil || step < 1 {
				return harness.ByHand{}, badInput("heal: step is %q, allowed is a number that list shows, or none for all", args[1])
			}
		}
		return harness.ByHand{Heal: &step}, nil
	case word == "list" && len(args) == 1:
		return harness.ByHand{List: true}, nil
	}
	return harness.ByHand{}, badInput("nemesis is %q, allowed are apply KIND TARGET, heal [STEP], list", word)
}

// tellFault prints a fault and its evidence.
func (a *app) tellFault(r nemesis.Report) {
	a.say("%d  %s\n", r.Step, r.Describe)
	for _, name := range slices.Sorted(maps.Keys(r.Evidence)) {
		a.say("   %-16s  %s\n", name, r.Evidence[name])
	}
	if r.Bit != nil && !*r.Bit {
		a.say("   no effect was seen\n")
	}
}
