package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/harness/explore"
	"github.com/ackproof/ackproof/harness/report"
)

// workerCommand is how a process of ours is called that simulates for another
// one; it is not for people.
const workerCommand = "explore-worker"

// toldOfAClass bounds what is told of failures that look alike: with --keep-going
// there may be hundreds.
const toldOfAClass = 3

// exploration is one call of `ackproof explore`.
type exploration struct {
	bounds   explore.Bounds
	explorer explore.Explorer
	results  string
	resume   string
	from     string
	hashes   string // the file that gets every case's hash
	before   explore.State
}

// explore is `ackproof explore`.
func (a *app) explore(ctx context.Context, args []string) (int, error) {
	x, err := a.exploration(args)
	if err != nil {
		return 0, err
	}
	folder, state, err := x.open()
	if err != nil {
		return 0, err
	}
	x.before = state
	a.say("explore %s, %s, in %s\n", x.describe(), count(x.explorer.Jobs, "job"), folder.Dir)
	progress := a.progress()
	saved := time.Now()
	var broken error
	x.explorer.Tell = func(s explore.State) {
		progress.Now("%s", shortState(s))
		if time.Since(saved) > saveEvery {
			saved = time.Now()
			broken = errors.Join(broken, folder.Save(x.bounds, x.explorer.BlackBox, s))
		}
	}
	told := map[string]int{}
	x.explorer.Fail = func(f explore.Found) {
		path, err := folder.Keep(f)
		broken = errors.Join(broken, err)
		told[f.Failure.Class]++
		switch n := told[f.Failure.Class]; {
		case n <= toldOfAClass:
			progress.Line("%s: %v", f.Case.Name, f.Failure)
			progress.Line("  To see it:    %s replay %s --trace", a.name, path)
			progress.Line("  To reduce it: %s shrink %s", a.name, path)
		case n == toldOfAClass+1:
			progress.Line("%s: %s once more; from now on they are only in %s", f.Case.Name, f.Failure.Class, filepath.Dir(path))
		}
	}
	hashes := map[uint64]uint64{}
	if x.hashes != "" {
		x.explorer.Hash = func(seed, hash uint64) { hashes[seed] = hash }
	}
	state, err = x.explorer.Explore(ctx, state)
	progress.Done()
	broken = errors.Join(broken, writeHashes(x.hashes, hashes))
	if err := errors.Join(err, broken, folder.Save(x.bounds, x.explorer.BlackBox, state)); err != nil {
		return 0, err
	}
	a.tellState(state)
	exit := exitOf(state)
	if ctx.Err() != nil {
		a.say("interrupted; to go on: %s explore --resume %s%s\n", a.name, folder.Dir, x.left(state))
		if exit == exitValid {
			exit = exitUnknown // what was not explored may hold anything
		}
	}
	return exit, nil
}

// writeHashes writes a line for each seed, in order; two explorations of the same
// seeds by the same build give the same file.
func writeHashes(path string, hashes map[uint64]uint64) error {
	if path == "" {
		return nil
	}
	var out strings.Builder
	for _, seed := range slices.Sorted(maps.Keys(hashes)) {
		fmt.Fprintf(&out, "%d %016x\n", seed, hashes[seed])
	}
	return os.WriteFile(path, []byte(out.String()), 0o644)
}

// left is the bound of what is still to be explored, as flags.
func (x *exploration) left(s explore.State) string {
	switch {
	case x.explorer.Seeds > 0:
		return fmt.Sprintf(" --seeds %d", max(1, x.explorer.Seeds-min(s.Cases-x.before.Cases, x.explorer.Seeds)))
	default:
		return fmt.Sprintf(" --for %v", max(time.Second, (x.explorer.For-(s.Took-x.before.Took)).Round(time.Second)))
	}
}

// saveEvery bounds what a machine that dies costs.
const saveEvery = 10 * time.Second

// exitOf is the verdict on an exploration: one that saw no write acknowledged
// has shown nothing.
func exitOf(s explore.State) int {
	switch {
	case s.Failures[explore.Harness] > 0 && len(s.Failures) == 1, s.Acked == 0:
		return exitUnknown
	case len(s.Failures) > 0:
		return exitInvalid
	}
	return exitValid
}

func (a *app) exploration(args []string) (*exploration, error) {
	x := &exploration{results: harness.Defaults().Results, explorer: explore.Explorer{Jobs: runtime.NumCPU(), First: 1}}
	f := a.flags("explore", "[flags]")
	b := &x.bounds
	f.StringVar(&b.Acks, "acks", "", "required `acks` of producers: all, 1, 0 (default all)")
	f.whole(&b.MinISR, "min-isr", "min.insync.replicas; 0 draws it for each case")
	f.whole(&b.Nodes, "nodes", "brokers, 3 to 5; 0 draws")
	f.StringVar(&b.Flush, "flush", "", "flush `policy`: never, interval, before-ack (default: drawn)")
	f.BoolVar(&b.Unclean, "unclean", false, "allow unclean leader election")
	f.StringVar(&b.Mutant, "mutant", "", "planted `bugs` to run with, by name or number, separated by commas")
	b.Length = explore.DefaultLength
	f.span(&b.Length, "length", "how long clients work in each case, in simulated time")
	f.BoolVar(&b.Liveness, "liveness", false, "ask for progress of a healed majority beside nodes that stay faulty")
	f.BoolVar(&b.Dense, "dense", false, "many faults and operations in each case, which give shrinking much to do; a --length of 30s leaves room for them")
	seeds := 0
	f.whole(&seeds, "seeds", "cases to simulate at most; 0 is no bound")
	f.Func("for", "`time` to explore at most, such as 10m (default 1m if --seeds is not given)", func(s string) (err error) {
		if x.explorer.For, err = time.ParseDuration(s); err != nil || x.explorer.For <= 0 {
			return errors.New("allowed is a time such as 30s or 10m")
		}
		return nil
	})
	f.seed(&x.explorer.First)
	f.whole(&x.explorer.Jobs, "jobs", "worker processes")
	f.BoolVar(&x.explorer.KeepGoing, "keep-going", false, "go on after a failure")
	f.BoolVar(&x.explorer.BlackBox, "black-box", false, "judge by what clients see alone")
	f.BoolVar(&b.Unpromised, "unpromised", false, "look for what the configuration never promised, too")
	f.BoolVar(&x.explorer.Unguided, "unguided", false, "draw every case anew, whatever was rarely seen")
	f.StringVar(&x.hashes, "hashes", "", "`file` that gets every case's hash: the same for the same seeds and build (with --unguided)")
	f.StringVar(&x.results, "results", x.results, "`folder` that gets the exploration's folder")
	f.StringVar(&x.resume, "resume", "", "`folder` of an exploration to go on with")
	f.StringVar(&x.from, "from", "", "`folder` of a live run: look for its failure, with its schedule, under many seeds")
	rest, err := f.parse(args)
	if err == nil {
		err = none(rest)
	}
	if err != nil {
		return nil, err
	}
	for _, given := range []struct{ flag, has string }{{x.resume, "resume"}, {x.from, "from"}} {
		if given.flag == "" {
			continue
		}
		if err := f.refuse(settledBy[given.has], "an exploration without --"+given.has); err != nil {
			return nil, err
		}
	}
	switch {
	case seeds < 0:
		return nil, badInput("seeds is %d, allowed is 0 and above", seeds)
	case x.explorer.Jobs < 1 || x.explorer.Jobs > maxJobs:
		return nil, badInput("jobs is %d, allowed are 1 to %d", x.explorer.Jobs, maxJobs)
	case b.Length < 1:
		return nil, badInput("length is %v, allowed is 2s and above", b.Length.Duration())
	}
	if err := writeHashes(x.hashes, nil); err != nil { // before anything is started
		return nil, badInput("hashes: %w", err)
	}
	if x.explorer.Seeds = uint64(seeds); seeds == 0 && x.explorer.For == 0 {
		x.explorer.For = time.Minute
	}
	return x, x.prepare()
}

// settledBy lists the flags that say what is settled already where an exploration
// goes on, or looks for a live run's failure.
var settledBy = map[string][]string{
	"resume": append([]string{"from", "seed", "length", "dense", "liveness", "unpromised", "black-box", "results"}, configuration...),
	"from":   append([]string{"length", "dense", "liveness", "unpromised"}, configuration...),
}

var configuration = []string{"acks", "min-isr", "nodes", "flush", "unclean", "mutant"}

// maxJobs is more than any machine has use for.
const maxJobs = 256

// prepare checks what was asked for, before anything is started.
func (x *exploration) prepare() error {
	if x.from != "" {
		bounds, class, err := explore.FromRun(x.from)
		if err != nil {
			return badInput("%w", err)
		}
		x.bounds = bounds
		// What is looked for may never have been promised.
		x.explorer.Accuse = func(f explore.Failure) bool { return f.Class == class }
		x.explorer.Unguided = true
	}
	if err := x.bounds.Validate(); err != nil {
		return badInput("%w", err)
	}
	var err error
	x.explorer.Bounds = x.bounds
	x.explorer.Worker, err = workerOfOurs()
	return err
}

// workerOfOurs is the command of a process that simulates for this one.
func workerOfOurs() ([]string, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("explore: find this program: %w", err)
	}
	return []string{binary, workerCommand}, nil
}

// open makes the folder, or finds the one to go on with.
func (x *exploration) open() (folder explore.Folder, state explore.State, err error) {
	dir := cmp.Or(x.resume, filepath.Join(x.results, time.Now().UTC().Format("20060102-150405")+"-explore"))
	if x.resume == "" {
		folder, err = explore.Open(dir)
		return folder, explore.NewState(x.explorer.First), err
	}
	folder = explore.Folder{Dir: dir}
	x.bounds, x.explorer.BlackBox, state, err = folder.Load()
	x.explorer.Bounds = x.bounds
	if err != nil {
		return folder, state, badInput("%w", err)
	}
	return folder, state, nil
}

// describe says what is explored.
func (x *exploration) describe() string {
	b := x.bounds
	parts := []string{"acks=" + cmp.Or(b.Acks, "all")}
	if b.MinISR > 0 {
		parts = append(parts, "min.isr="+strconv.Itoa(b.MinISR))
	}
	if b.Flush != "" {
		parts = append(parts, "flush="+b.Flush)
	}
	if b.Unclean {
		parts = append(parts, "unclean election")
	}
	if b.Mutant != "" {
		parts = append(parts, "mutant "+b.Mutant)
	}
	if x.from != "" {
		parts = append(parts, "the schedule of "+x.from)
	}
	switch {
	case x.explorer.Seeds > 0 && x.explorer.For > 0:
		parts = append(parts, fmt.Sprintf("%d seeds or %v", x.explorer.Seeds, x.explorer.For))
	case x.explorer.Seeds > 0:
		parts = append(parts, fmt.Sprintf("%d seeds", x.explorer.Seeds))
	default:
		parts = append(parts, x.explorer.For.String())
	}
	return strings.Join(parts, ", ")
}

// shortState is the progress in one line.
func shortState(s explore.State) string {
	seconds := max(s.Took.Seconds(), 0.001)
	return fmt.Sprintf("%d cases (%.0f/s), simulated %s (%.0f times as fast), %d acked, %d protocol events in %d kinds, failures: %s",
		s.Cases, float64(s.Cases)/seconds, report.Span(s.Elapsed), s.Elapsed.Seconds()/seconds,
		s.Acked, len(s.Guide.Seen), len(s.Protocol()), failures(s))
}

func failures(s explore.State) string {
	if len(s.Failures) == 0 {
		return "none"
	}
	var parts []string
	for _, class := range slices.Sorted(maps.Keys(s.Failures)) {
		parts = append(parts, fmt.Sprintf("%s %d", class, s.Failures[class]))
	}
	return strings.Join(parts, ", ")
}

// tellState says what came of it.
func (a *app) tellState(s explore.State) {
	seconds := max(s.Took.Seconds(), 0.001)
	a.say("cases     %d in %s, %.1f/s; nothing acked in %d\n", s.Cases, report.Span(s.Took), float64(s.Cases)/seconds, s.Idle)
	a.say("simulated %s, %.0f times as fast as it would be live; %d events\n", hours(s.Elapsed), s.Elapsed.Seconds()/seconds, s.Events)
	a.say("acked     %d, %.0f a case\n", s.Acked, float64(s.Acked)/float64(max(s.Cases, 1)))
	protocol := s.Protocol()
	var parts []string
	for _, event := range slices.Sorted(maps.Keys(protocol)) {
		parts = append(parts, fmt.Sprintf("%s %d", event, protocol[event]))
	}
	a.say("%s", report.Wrap("coverage, in how many cases: "+strings.Join(parts, ", "), "", helpWidth))
	a.say("failures  %s\n", failures(s))
	for class := range s.Failures {
		if strings.HasPrefix(class, explore.Inside) {
			a.say("          %s... was seen by a look into the brokers (docs/invariants.md); --black-box judges by what clients see alone\n", explore.Inside)
			break
		}
	}
}

func hours(d time.Duration) string {
	if d < time.Hour {
		return report.Span(d)
	}
	return fmt.Sprintf("%.1f hours", d.Hours())
}

// exploreWorker serves an explorer.
func (a *app) exploreWorker(context.Context, []string) (int, error) {
	return exitValid, explore.Work(os.Stdin, a.stdout)
}
