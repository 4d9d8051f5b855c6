package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/ackproof/ackproof/harness/explore"
	"github.com/ackproof/ackproof/harness/explore/trace"
)

// caseReplay is what `ackproof replay` does with a case: it simulates it, and
// the simulation is the same every time.
type caseReplay struct {
	trace, step, blackBox, write bool
	filter                       trace.Filter
}

// caseFlags defines the flags that only mean something for a case.
func (f *flags) caseFlags(r *caseReplay) {
	r.filter.Partition = trace.NoPartition
	f.BoolVar(&r.trace, "trace", false, "of a case: print what happens, in order")
	f.BoolVar(&r.step, "step", false, "of a case: walk the trace line by line; Enter goes on, q ends")
	f.BoolVar(&r.filter.All, "all", false, "in a trace: what is idle too, such as heartbeats, empty fetches and ticks")
	f.Func("until", "in a trace: the last `event`, by its number, or the last moment, such as 4s", func(s string) (err error) {
		r.filter.Until, err = parseUntil(s)
		return err
	})
	f.whole(&r.filter.Node, "node", "in a trace: only what this node takes part in, and faults; 0 is all")
	f.Func("partition", "in a trace: only what is about this `partition`, such as "+explore.Topic+"-0 or 0, or about none (default all)", func(s string) error {
		n, err := strconv.ParseInt(strings.TrimPrefix(s, explore.Topic+"-"), 10, 32)
		if r.filter.Partition = int32(n); err != nil || n < 0 {
			return errors.New("allowed is a partition such as " + explore.Topic + "-0, or its number, from 0 up")
		}
		return nil
	})
	f.BoolVar(&r.blackBox, "black-box", false, "of a case: judge by what clients see alone")
	f.BoolVar(&r.write, "write", false, "of a case: write what is seen into its file, as what to expect")
}

// parseUntil reads the end of a trace.
func parseUntil(s string) (trace.Until, error) {
	if event, err := strconv.ParseUint(s, 10, 64); err == nil && event > 0 {
		return trace.Until{Event: event}, nil
	}
	if at, err := time.ParseDuration(s); err == nil && at > 0 {
		return trace.Until{Time: at}, nil
	}
	return trace.Until{}, errors.New("allowed is the number of an event, from 1 up, or a time such as 4s")
}

// caseOnly are the names of these flags, runOnly those that a case has no use
// for.
var (
	caseOnly = []string{"trace", "step", "all", "until", "node", "partition", "black-box", "write"}
	runOnly  = []string{"n", "parallel", "broker", "agent", "results", "cluster"}
)

// replayCase simulates the case in a file.
func (a *app) replayCase(ctx context.Context, path string, r caseReplay) (int, error) {
	c, err := explore.Load(path)
	if err != nil {
		return 0, badInput("%w", err)
	}
	if err := r.fits(c); err != nil {
		return 0, err
	}
	look := explore.Look{BlackBox: r.blackBox, SecondOpinion: true}
	if r.trace || r.step {
		tell := func(l trace.Line) { a.say("%s\n", l.Numbered()) }
		if r.step {
			tell = a.walk(ctx, os.Stdin, tell)
		}
		look.Trace = trace.New(r.filter, tell)
	}
	a.say("case      %v\n", c)
	out, err := explore.Simulate(c, look)
	if err != nil {
		return 0, badInput("%s: %w", path, err)
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	a.tellCase(path, c, out)
	if r.write {
		c.Expect = out.Expectation()
		if err := c.Save(path); err != nil {
			return 0, badInput("%w", err)
		}
		a.say("written   %s\n", path)
	}
	return exitOfCase(out), nil
}

// fits checks the flags against the case.
func (r caseReplay) fits(c explore.Case) error {
	switch {
	case r.filter.Node < 0 || r.filter.Node > c.Nodes():
		return badInput("node is %d, allowed are 1 to %d, and 0 for all", r.filter.Node, c.Nodes())
	case r.filter.Partition >= c.Partitions:
		return badInput("partition is %d, allowed are 0 to %d, also as %s-0", r.filter.Partition, c.Partitions-1, explore.Topic)
	case r.step && !term.IsTerminal(int(os.Stdin.Fd())):
		return badInput("step is true, allowed with a terminal to read from only; --trace prints everything")
	}
	return nil
}

// walk tells a line each time when Enter is pressed, and nothing any more after q
// or when ctx is done.
func (a *app) walk(ctx context.Context, in io.Reader, tell func(trace.Line)) func(trace.Line) {
	pressed := make(chan bool) // whether to go on
	go func() {
		defer close(pressed)
		for lines := bufio.NewScanner(in); lines.Scan(); {
			pressed <- lines.Text() != "q"
		}
	}()
	ended := false
	return func(l trace.Line) {
		if ended {
			return
		}
		tell(l)
		select {
		case more := <-pressed:
			ended = !more
		case <-ctx.Done():
			ended = true
		}
	}
}

// tellCase says what came of a case, and whether that was expected.
func (a *app) tellCase(path string, c explore.Case, out explore.Outcome) {
	a.say("verdict   %s\n", caseVerdict(out))
	a.say("simulated %v, %d events, hash %s\n", out.Elapsed.Round(1e6), out.Events, out.HashText())
	if c.Expect != nil {
		a.say("expected  %s\n", c.Expect.Compare(out))
		if exit := exitOfCase(out); exit != exitValid {
			a.say("exit      %d: it is the verdict, whatever was expected\n", exit)
		}
	}
	if out.Failure.Class != "" {
		a.say("next      %s replay %s --trace\n          %s shrink %s\n", a.name, path, a.name, path)
	}
}

// caseVerdict is the verdict in one line.
func caseVerdict(out explore.Outcome) string {
	if out.Failure.Class == "" && out.Result.ExitCode() == exitUnknown {
		return "unknown: " + out.Result.Reason
	}
	return out.Failure.String()
}

// exitOfCase is the verdict as an exit code.
func exitOfCase(out explore.Outcome) int {
	switch out.Failure.Class {
	case "":
		return out.Result.ExitCode()
	case explore.Harness:
		return exitUnknown
	}
	return exitInvalid
}

// sizeRows are the lines of the table that compares two sizes.
func sizeRows(s explore.Size) []string {
	return []string{
		fmt.Sprint(s.Faults), fmt.Sprint(s.Ops), fmt.Sprint(s.Clients), fmt.Sprint(s.Partitions), fmt.Sprint(s.Nodes),
		s.Length.String(), fmt.Sprint(s.Events),
	}
}

var sizeNames = []string{"faults", "operations", "clients", "partitions", "nodes", "length", "events"}

// shortSize is a size in one line.
func shortSize(s explore.Size) string {
	return fmt.Sprintf("%s, %s, %s, %s, %v, %s", count(s.Faults, "fault"), count(s.Ops, "operation"),
		count(s.Clients, "client"), count(s.Nodes, "node"), s.Length, count(int(s.Events), "event"))
}

// exhibited is the case of a folder of the gallery, and otherwise what was given.
func exhibited(path string) string {
	if exhibit := filepath.Join(path, "case.json"); isFile(exhibit) {
		return exhibit
	}
	return path
}
