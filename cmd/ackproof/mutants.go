package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/harness/explore"
)

// mutants is `ackproof mutants`.
func (a *app) mutants(ctx context.Context, args []string) (int, error) {
	x := exploration{explorer: explore.Explorer{Jobs: runtime.NumCPU(), First: 1}}
	budget := 5 * time.Minute
	var only []string
	out, scripts := "", ""
	f := a.flags("mutants", "[flags]")
	f.Func("budget", "`time` to look for each bug at most, with each look (default 5m)", func(s string) (err error) {
		if budget, err = time.ParseDuration(s); err != nil || budget <= 0 {
			return errors.New("allowed is a time such as 30s or 5m")
		}
		return nil
	})
	f.words(&only, "only", "names or numbers of the bugs to look for, instead of all")
	f.StringVar(&out, "out", "", "`file` that gets the table, besides the terminal")
	f.StringVar(&scripts, "scripts", "broker/testdata", "`folder` of the protocol's scripts, to be named in the table")
	f.seed(&x.explorer.First)
	f.whole(&x.explorer.Jobs, "jobs", "worker processes")
	rest, err := f.parse(args)
	if err == nil {
		err = none(rest)
	}
	if err != nil {
		return 0, err
	}
	rows, err := chosen(only)
	if err == nil {
		err = x.prepare()
	}
	if err != nil {
		return 0, err
	}
	table := mutantTable{scripts: scripts, machine: machineInWords(), budget: budget, jobs: x.explorer.Jobs}
	missed := 0
	for _, row := range rows {
		hunt, err := x.explorer.HuntMutant(ctx, row, budget)
		if err != nil {
			return 0, err
		}
		if hunt.BlackBox.Class == "" {
			missed++
		}
		table.rows = append(table.rows, hunt)
		if err := table.write(out); err != nil {
			return 0, err
		}
		a.say("%-4d %-34s %-40s %s\n", row.Number, row.Name, catchInWords(hunt.BlackBox), catchInWords(hunt.WhiteBox))
	}
	a.say("%d of %s caught by clients alone; median %v\n", len(rows)-missed, count(len(rows), "bug"), table.median())
	if missed > 0 {
		return exitInvalid, nil
	}
	return exitValid, nil
}

// chosen are the rows of the catalogue that were asked for.
func chosen(only []string) ([]mutant.Row, error) {
	if len(only) == 0 {
		return mutant.Catalogue(), nil
	}
	set, err := mutant.Parse(strings.Join(only, ","))
	if err != nil {
		return nil, badInput("%w", err)
	}
	return slices.DeleteFunc(mutant.Catalogue(), func(r mutant.Row) bool { return !set.Has(r.Name) }), nil
}

// catchInWords is such as "unseen, 12 cases, 0.4s".
func catchInWords(c explore.Catch) string {
	if c.Class == "" {
		return fmt.Sprintf("not in %d cases, %s", c.Cases, c.Took.Round(time.Second))
	}
	return fmt.Sprintf("%s, %d cases, %.1fs", c.Class, c.Cases, c.Took.Seconds())
}

func machineInWords() string {
	return fmt.Sprintf("%d cores, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}

// mutantTable is docs/mutants.md.
type mutantTable struct {
	scripts, machine string
	budget           time.Duration
	jobs             int
	rows             []explore.Hunt
}

// write writes the table as far as it has come: an interruption costs the rest.
func (t mutantTable) write(path string) error {
	if path == "" {
		return nil
	}
	if err := os.WriteFile(path, []byte(t.String()), 0o644); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// median is of the times of the catches by clients alone.
func (t mutantTable) median() time.Duration {
	var took []time.Duration
	for _, h := range t.rows {
		if h.BlackBox.Class != "" {
			took = append(took, h.BlackBox.Took)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2].Round(10 * time.Millisecond)
}

// script names the scenario of a bug; "" if there is none of its own.
func (t mutantTable) script(row mutant.Row) string {
	found, err := filepath.Glob(filepath.Join(t.scripts, fmt.Sprintf("%02d_*", row.Number)))
	if err != nil || len(found) == 0 {
		return ""
	}
	return filepath.Base(found[0])
}

func (t mutantTable) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, `# Planted bugs

`+"`--mutant NAME`"+` (of `+"`ackproof run`, `ackproof explore`"+` and of the broker) switches a protocol bug on. A harness that cannot catch a planted bug proves nothing; a harness that accuses the broker without one is wrong.

Each bug has a scenario in `+"`%s`"+`, which the correct broker passes and the bug fails (`+"`go test ./broker -run Convict`"+`), and was looked for by chance: how many simulated cases, and how much time, until the first that failed, by what clients see alone and with a look inside the brokers. Bugs were not told to the draw. A dash stands for a scenario that is shared with another bug; "not in" means that the budget of %s was over before.

This file is written by `+"`make mutants`"+`; this time on %s, %d jobs. %d of %d are caught by clients alone, the median after %v. The numbers are stable names; gaps are intended.

| # | name | what the broker does wrong | source | scenario | clients alone | with a look inside |
|---|---|---|---|---|---|---|
`, t.scripts, t.budget, t.machine, t.jobs, t.caught(), len(t.rows), t.median())
	for _, h := range t.rows {
		fmt.Fprintf(&out, "| %d | `%s` | %s | %s | %s | %s | %s |\n", h.Row.Number, h.Row.Name, h.Row.Breaks, h.Row.Source,
			cmp.Or(t.script(h.Row), "-"), catchInWords(h.BlackBox), catchInWords(h.WhiteBox))
	}
	if t.caught() < len(t.rows) {
		out.WriteString("\n## Not caught by clients alone\n\nWhat keeps each of them from what clients see, or what it would take. Each is convicted by its scenario.\n\n")
		for _, h := range t.rows {
			if h.BlackBox.Class == "" {
				fmt.Fprintf(&out, "- %d `%s`: %s\n", h.Row.Number, h.Row.Name, cmp.Or(h.Row.Hidden(), "not explained."))
			}
		}
	}
	return out.String()
}

func (t mutantTable) caught() (n int) {
	for _, h := range t.rows {
		if h.BlackBox.Class != "" {
			n++
		}
	}
	return n
}
