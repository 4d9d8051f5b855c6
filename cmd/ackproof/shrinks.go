package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ackproof/ackproof/harness/explore"
)

// shrinks is `ackproof bench --shrink`: for the bug of every exhibit of a gallery it
// looks for a case full of faults and operations, and shrinks that.
type shrinks struct {
	gallery string
	only    []string // exhibits; none is all
	jobs    int
	within  time.Duration // to look for a case, and to shrink it
	keep    string        // folder that gets the cases
}

// reduction is what came of an exhibit's bug.
type reduction struct {
	exhibit string
	found   *explore.Case // nil: none within the time
	shrunk  explore.Shrunk
	took    time.Duration
}

func (a *app) benchShrink(ctx context.Context, b shrinks, into string) (int, error) {
	if into != "" {
		if _, err := replaceTable(into, "shrinks", ""); err != nil {
			return 0, badInput("%w", err)
		}
	}
	cases, err := filepath.Glob(filepath.Join(b.gallery, "*", "case.json"))
	if err != nil || len(cases) == 0 {
		return 0, badInput("gallery is %q, allowed is a folder with exhibits", b.gallery)
	}
	var names []string
	for _, path := range cases {
		names = append(names, filepath.Base(filepath.Dir(path)))
	}
	for _, name := range b.only {
		if !slices.Contains(names, name) {
			return 0, badInput("only is %q, allowed are %s", name, strings.Join(names, ", "))
		}
	}
	exhibits, err := b.exhibits(cases)
	if err != nil {
		return 0, err
	}
	if b.keep != "" {
		if err := writableFolder(b.keep); err != nil {
			return 0, badInput("keep is %q, allowed is a folder that can be written to: %w", b.keep, err)
		}
	}
	worker, err := workerOfOurs()
	if err != nil {
		return 0, err
	}
	var all []reduction
	for _, e := range exhibits {
		r, err := b.reduce(ctx, e, worker)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", e.name, err)
		}
		a.warn("%s\n", r)
		all = append(all, r)
	}
	table := shrinkTable(all, b)
	a.say("%s", table)
	if into == "" {
		return exitValid, nil
	}
	text, err := replaceTable(into, "shrinks", table)
	if err != nil {
		return 0, err
	}
	return exitValid, os.WriteFile(into, []byte(text), 0o644)
}

// exhibit is a case of a gallery.
type exhibit struct {
	name string
	like explore.Case
}

// exhibits are those to take, of the files of their cases.
func (b shrinks) exhibits(paths []string) (all []exhibit, err error) {
	for _, path := range paths {
		e := exhibit{name: filepath.Base(filepath.Dir(path))}
		if len(b.only) > 0 && !slices.Contains(b.only, e.name) {
			continue
		}
		if e.like, err = explore.Load(path); err != nil {
			return nil, badInput("%w", err)
		}
		if e.like.Expect == nil || e.like.Expect.Failure == "" {
			return nil, badInput("%s: expect.failure is \"\", allowed is the class of what fails", path)
		}
		all = append(all, e)
	}
	return all, nil
}

// writableFolder makes a folder unless it is there, and tells whether files can be
// made in it.
func writableFolder(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(path, ".ackproof-")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// reduce finds a case for one exhibit, and shrinks it.
func (b shrinks) reduce(ctx context.Context, e exhibit, worker []string) (reduction, error) {
	r := reduction{exhibit: e.name}
	explorer := explore.Explorer{Worker: worker, Jobs: b.jobs, First: 1}
	var err error
	if r.found, err = explorer.FindDense(ctx, e.like, b.within); err != nil || r.found == nil {
		return r, err
	}
	if b.keep != "" {
		if err := r.found.Save(filepath.Join(b.keep, e.name+".json")); err != nil {
			return r, err
		}
	}
	began := time.Now()
	r.shrunk, err = explore.Shrink(*r.found, explore.Shrinking{
		BlackBox: true, Worker: worker, Jobs: b.jobs,
		Over: func() bool { return ctx.Err() != nil || time.Since(began) > b.within },
	})
	r.took = time.Since(began)
	if err == nil {
		err = ctx.Err()
	}
	return r, err
}

func (r reduction) String() string {
	if r.found == nil {
		return r.exhibit + ": no case was found"
	}
	before, after := r.shrunk.Before, r.shrunk.After
	return fmt.Sprintf("%s: %d faults and %d operations, %d and %d after %.1fs",
		r.exhibit, before.Faults, before.Ops, after.Faults, after.Ops, r.took.Seconds())
}

// few is what can be read in one go.
const (
	fewFaults = 10
	fewOps    = 20
)

// shrinkTable sets before and after side by side, in Markdown.
func shrinkTable(all []reduction, b shrinks) string {
	var table strings.Builder
	table.WriteString("| exhibit | what fails | seed | faults | operations | events of a simulation | simulations | time |\n|---|---|---|---|---|---|---|---|\n")
	var none []string
	small := 0
	for _, r := range all {
		if r.found == nil {
			none = append(none, r.exhibit)
			continue
		}
		before, after := r.shrunk.Before, r.shrunk.After
		cut := ""
		if r.shrunk.Cut {
			cut = ", not done"
		}
		if after.Faults <= fewFaults && after.Ops <= fewOps {
			small++
		}
		fmt.Fprintf(&table, "| %s | %s | %d | %d → %d | %d → %d | %d → %d | %d | %.1f s%s |\n",
			r.exhibit, r.shrunk.Outcome.Failure.Class, r.found.Seed, before.Faults, after.Faults, before.Ops, after.Ops,
			before.Events, after.Events, r.shrunk.Tried, r.took.Seconds(), cut)
	}
	fmt.Fprintf(&table, "\n%d of %d came down to at most %d faults and %d operations within %v. Measured on %d cores (%s/%s) with %s.",
		small, len(all)-len(none), fewFaults, fewOps, b.within, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, count(b.jobs, "worker"))
	if len(none) > 0 {
		fmt.Fprintf(&table, " No such case was found within %v for: %s.", b.within, strings.Join(none, ", "))
	}
	table.WriteByte('\n')
	return table.String()
}
