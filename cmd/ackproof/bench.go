package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/harness/bench"
	"github.com/ackproof/ackproof/nemesis"
)

// bench is `ackproof bench`: the broker's throughput and latency on this
// machine. It gives figures, never a verdict.
func (a *app) bench(ctx context.Context, args []string) (int, error) {
	each, rounds, flush, broker := nemesis.Millis(3000), 3, "never", ""
	faults, into := false, ""
	f := a.flags("bench", "[flags]")
	f.span(&each, "each", "of a load: time of each measurement")
	f.whole(&rounds, "rounds", "of a load, or with --faults: rounds; what is told is their median")
	f.StringVar(&flush, "flush", flush, "of a load: flush policy: never, interval, before-ack")
	f.StringVar(&broker, "broker", "", "of a load: path of an ackbroker `binary` (default: the broker in this binary)")
	f.BoolVar(&faults, "faults", false, "measure instead how long faults take to apply and to heal, on every kind of cluster")
	shrinks := shrinks{jobs: runtime.NumCPU(), within: time.Minute}
	shrink := f.Bool("shrink", false, "measure instead how far and how fast cases full of faults shrink, for the bugs of a gallery")
	f.StringVar(&shrinks.gallery, "gallery", "results/gallery", "with --shrink: the gallery's `folder`")
	f.words(&shrinks.only, "only", "with --shrink: exhibits to take, instead of all")
	f.whole(&shrinks.jobs, "jobs", "with --shrink: worker processes")
	f.StringVar(&shrinks.keep, "keep", "", "with --shrink: `folder` that gets the cases before they are shrunk")
	f.StringVar(&into, "into", "", "with --faults or --shrink: `file` whose table to replace")
	rest, err := f.parse(args)
	if err == nil {
		err = none(rest)
	}
	if err != nil {
		return 0, err
	}
	if err := f.refuseMixed(faults, *shrink); err != nil {
		return 0, err
	}
	if each < 1 || rounds < 1 {
		return 0, badInput("each is %s, rounds is %d, allowed is more than 0", each.Duration(), rounds)
	}
	if faults {
		return a.benchFaults(ctx, rounds, into)
	}
	if *shrink {
		if shrinks.jobs < 1 || shrinks.jobs > maxJobs {
			return 0, badInput("jobs is %d, allowed are 1 to %d", shrinks.jobs, maxJobs)
		}
		return a.benchShrink(ctx, shrinks, into)
	}
	kind, agent := harness.Local, ""
	if err := a.binaries(&kind, &broker, &agent); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "ackproof-bench-")
	if err != nil {
		return 0, err
	}
	a.atEnd(func() { _ = os.RemoveAll(dir) })
	a.say("3 brokers on loopback, 1 partition, RF 3, acks=all, min.insync.replicas=2, flush.policy=%s\n", flush)
	medians, err := bench.Broker(ctx, bench.Options{Binary: broker, Dir: dir, Flush: flush,
		Loads: bench.Loads(each.Duration()), Rounds: rounds,
		Told: func(round int, f bench.Figures) {
			if rounds == 1 {
				a.say("%s\n", figures(f)) // the only round is its own median
				return
			}
			a.warn("round %d of %d  %s\n", round, rounds, figures(f))
		}})
	if err != nil {
		return 0, err
	}
	if rounds == 1 {
		return exitValid, nil
	}
	a.say("medians of %d\n", rounds)
	for _, m := range medians {
		a.say("%s\n", figures(m))
	}
	return exitValid, nil
}

// refuseMixed names what is given for another measurement than the one that is asked
// for.
func (f *flags) refuseMixed(faults, shrink bool) error {
	switch {
	case faults && shrink:
		return badInput("faults and shrink are given, allowed is one of them")
	case faults:
		return cmp.Or(f.refuse(shrinkOnly, "--shrink"), f.refuse(loadOnly, "loads (no --faults, no --shrink)"))
	case shrink:
		return cmp.Or(f.refuse(loadOnly, "loads (no --faults, no --shrink)"), f.refuse([]string{"rounds"}, "loads or --faults"))
	default:
		return cmp.Or(f.refuse(shrinkOnly, "--shrink"), f.refuse([]string{"into"}, "--faults or --shrink"))
	}
}

// Flags of bench that mean something with --shrink only, and without it and --faults
// only.
var (
	shrinkOnly = []string{"gallery", "only", "jobs", "keep"}
	loadOnly   = []string{"each", "flush", "broker"}
)

func figures(f bench.Figures) string {
	return fmt.Sprintf("%5d B  %5d outstanding  %9.0f records/s  %6.1f MB/s  p50 %7.2f ms  p99 %7.2f ms",
		f.RecordBytes, f.Outstanding, f.RecordsPerSecond, f.MBPerSecond,
		float64(f.P50.Microseconds())/1000, float64(f.P99.Microseconds())/1000)
}
