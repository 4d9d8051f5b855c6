package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/harness/report"
)

// check is `ackproof check`: it judges, and writes nothing unless asked to.
func (a *app) check(_ context.Context, args []string) (int, error) {
	f := a.flags("check", "RUN|SUITE|HISTORY [flags]")
	edn := f.String("edn", "", "also write the history to a `file`, in the form that Jepsen's checkers read")
	rest, err := f.parse(args)
	if err != nil {
		return 0, err
	}
	if len(rest) != 1 {
		return 0, badInput("allowed is one argument, a folder of a run or a suite, or a history file, not %d", len(rest))
	}
	if s, err := harness.ReadSuite(rest[0]); err == nil {
		if *edn != "" {
			return 0, badInput("edn is %q, allowed with one run or history only", *edn)
		}
		return a.checkSuite(s)
	} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return 0, &harness.InputError{Err: err}
	}
	out, h, err := harness.Judge(rest[0])
	if err != nil {
		return 0, &harness.InputError{Err: err}
	}
	if *edn != "" {
		if err := writeEDN(*edn, h); err != nil {
			return 0, err
		}
	}
	a.summary(out)
	return out.Result.ExitCode(), nil
}

// checkSuite judges each run of a suite; the exit code is that of the worst row.
func (a *app) checkSuite(s harness.Suite) (int, error) {
	s, err := s.Judge()
	if err != nil {
		return 0, &harness.InputError{Err: err}
	}
	a.say("%s", report.Table(harness.TableRows(s.Rows)))
	a.say("\n%s: %s, %s judged again, files in %s\n", s.Name, s.Status, storedOf(s.Rows), s.Dir)
	a.next(s.Rows)
	return harness.Exit(s.Rows), nil
}

// storedOf counts the rows that have a history: a simulated one keeps its grade.
func storedOf(rows []harness.Row) string {
	stored := 0
	for _, r := range rows {
		if r.Dir != "" {
			stored++
		}
	}
	if stored < len(rows) {
		return fmt.Sprintf("%d of %s (simulations are not stored)", stored, count(len(rows), "row"))
	}
	return count(stored, "run")
}

// writeEDN replaces the file.
func writeEDN(path string, h *history.History) error {
	file, err := os.Create(path)
	if err != nil {
		return badInput("edn is %q, allowed is a file that can be written to: %w", path, err)
	}
	w := bufio.NewWriter(file)
	if err := errors.Join(h.WriteEDN(w), w.Flush(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
