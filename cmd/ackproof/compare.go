package main

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/harness/report"
	"github.com/ackproof/ackproof/nemesis"
)

// compare is `ackproof compare`.
func (a *app) compare(ctx context.Context, args []string) (int, error) {
	c := harness.Compare{Base: harness.Defaults(), Acks: []string{"0", "1", "all"}}
	c.Base.Rate, c.Base.Length = suiteRate, suiteLength
	// Under it configurations differ most: the leader is cut off from the
	// other brokers and clients still reach it.
	c.Base.Nemesis = []string{"acks1-loss"}
	b := harness.Batch{Parallel: 1} // side by side they would disturb each other's latencies
	minISRs := []string{"1", "2"}
	f := a.flags("compare", "[flags]")
	f.words(&c.Acks, "acks", "acks to compare")
	f.words(&minISRs, "min-isr", "min.insync.replicas to compare")
	f.BoolVar(&c.Base.Unclean, "unclean", false, "allow unclean leader election")
	f.StringVar(&c.Base.Flush, "flush", c.Base.Flush, "flush policy: never, interval, before-ack")
	f.whole(&c.Base.Nodes, "nodes", "brokers")
	f.words(&c.Base.Nemesis, "nemesis", "faults to draw: "+strings.Join(nemesis.LiveMixWords(), ", ")+
		"; or one directed schedule: "+strings.Join(nemesis.DirectedNames(), ", "))
	f.StringVar(&c.Base.ScheduleFile, "schedule", "", "schedule `file` instead of --nemesis and --for")
	f.length(&c.Base.Length)
	f.whole(&b.Parallel, "parallel", "runs at a time")
	f.seed(&c.Base.Seed)
	f.load(&c.Base)
	f.cluster(&c.Base, harness.Local)
	rest, err := f.parse(args)
	if err == nil {
		err = none(rest)
	}
	if err != nil {
		return 0, err
	}
	given := f.given()
	given.Acks, given.MinISR, given.Unclean = true, true, true
	fitted, err := c.Base.Fitted(given)
	if err != nil {
		return 0, &harness.InputError{Err: err}
	}
	c.Base = fitted
	for _, word := range minISRs {
		n, err := strconv.Atoi(word)
		if err != nil {
			return 0, badInput("min-isr is %q, allowed are whole numbers separated by commas", word)
		}
		c.MinISRs = append(c.MinISRs, n)
	}
	c.Base.Cluster = cmp.Or(c.Base.Cluster, harness.Local)
	if _, _, err := c.Plan(b); err != nil {
		return 0, err // before anything is tried on the machine
	}
	if err := a.batch(ctx, &b, &c.Base); err != nil {
		return 0, err
	}
	schedule, expected, err := c.Plan(b)
	if err != nil {
		return 0, err
	}
	a.say("compare acks %s × min.isr %s on a %s: schedule %s and seed %d for all, about %s\n",
		strings.Join(c.Acks, ","), strings.Join(minISRs, ","), clusterInWords(c.Base.Cluster), schedule, c.Base.Seed, report.Span(expected))
	a.lacks(c.Base.Machine)
	return a.finish(&b, func() (harness.Suite, error) { return c.Run(ctx, b) })
}
