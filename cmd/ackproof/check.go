package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/harness/history"
)

// check is `ackproof check`: it judges, and writes nothing unless asked to.
func (a *app) check(_ context.Context, args []string) (int, error) {
	f := a.flags("check", "RUN|HISTORY [flags]")
	edn := f.String("edn", "", "also write the history to a `file`, in the form that Jepsen's checkers read")
	rest, err := f.parse(args)
	if err != nil {
		return 0, err
	}
	if len(rest) != 1 {
		return 0, badInput("allowed is one argument, a run's folder or a history file, not %d", len(rest))
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
