package main

import (
	"context"
	"flag"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

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
	f.StringVar((*string)(&fault.Shape), "shape", "", "which links a partition, delay, loss, reset or reorder acts on: "+joined(nemesis.Shapes())+" (default isolate)")
	f.BoolVar(&fault.Clients, "clients", false, "act on the links with clients too")
	f.span(&fault.Delay, "delay", "of a delay or a reorder: how late packets come")
	f.span(&fault.Jitter, "jitter", "of a delay or a reorder: how much later still, at most")
	f.Float64Var(&fault.Loss, "loss", 0, "of a loss: how many of a hundred packets")
	f.span(&fault.Clock.Offset, "offset", "of a clock: how far ahead")
	f.Float64Var(&fault.Clock.Rate, "rate", 0, "of a clock: its speed, 1 is right")
	f.span(&fault.Clock.StrobePeriod, "strobe", "of a clock: the offset counts in every second such time only")
	f.table = kindsAndTargets
	rest, err := f.parse(args)
	if err != nil {
		return 0, err
	}
	what, err := byHand(f.FlagSet, rest, fault)
	if err != nil {
		return 0, err
	}
	cluster, err := playground(dir)
	if err != nil {
		return 0, err
	}
	reports, err := cluster.Ask(ctx, what)
	if err != nil {
		return 0, err
	}
	for _, r := range reports {
		a.tellFault(r)
	}
	if what.Apply != nil {
		return exitValid, nil
	}
	if what.Heal != nil { // what it has told is over
		if reports, err = cluster.Ask(ctx, harness.ByHand{List: true}); err != nil {
			return 0, err
		}
		for _, r := range reports {
			a.say("%d  %s: still in force\n", r.Step, r.Describe)
		}
	}
	if len(reports) == 0 {
		a.say("no fault is in force\n")
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
		return harness.ByHand{}, badInput("apply: allowed are a kind (%s) and a target (%s), such as: apply kill leader",
			joined(nemesis.LiveKinds()), joined(nemesis.LiveTargets())+", node:N")
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

// tellFault prints a fault and its evidence. What is said of one that is healed is how
// it was, and not how the cluster is now.
func (a *app) tellFault(r nemesis.Report) {
	a.say("%d  %s\n", r.Step, r.Describe)
	if !r.Begin && len(r.Evidence) > 0 {
		a.say("   what was seen of it, until it was over:\n")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Evidence)) {
		a.say("   %-16s  %s\n", name, r.Evidence[name])
	}
	if r.Bit != nil && !*r.Bit {
		a.say("   no effect was seen\n")
	}
}

// joined lists words.
func joined[T ~string](list []T) string {
	all := make([]string, len(list))
	for i, word := range list {
		all[i] = string(word)
	}
	return strings.Join(all, ", ")
}

// kindsAndTargets stands at the end of the help.
const kindsAndTargets = `KIND is what happens until it is healed:
  partition  links are cut
  delay      links deliver late, by --delay and --jitter
  loss       links lose packets, --loss of a hundred
  reset      connections over the links are broken, and new ones refused
  reorder    packets overtake others, by --jitter
  kill       kill -9; the heal starts the broker again
  stop       SIGTERM: the broker ends in order; the heal starts it again
  pause      SIGSTOP; the heal is SIGCONT
  wipe       kill -9, and the partition data is removed
  clock      the broker's wall clock goes wrong, by --offset, --rate, --strobe
  elect      the target is made the leader, by order

TARGET is whom it hits, of the roles of the topic's partition 0 at that moment:
  leader      the partition's leader
  controller  the leader of the metadata quorum
  follower    one follower in the ISR
  replica     one replica that does not lead, in the ISR or not
  followers   all replicas but the leader
  last-isr    the only replica left in the ISR
  majority    the leader, and others up to a majority of all nodes
  all         all nodes
  node:N      node N, such as node:2

Not every kind of cluster can have every kind of fault: it says so.
`
