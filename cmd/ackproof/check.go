package main

import (
	"context"

	"github.com/ackproof/ackproof/harness"
)

// check is `ackproof check`: it judges and writes nothing.
func (a *app) check(_ context.Context, args []string) (int, error) {
	rest, err := a.flags("check", "RUN|HISTORY").parse(args)
	if err != nil {
		return 0, err
	}
	if len(rest) != 1 {
		return 0, badInput("allowed is one argument, a run's folder or a history file, not %d", len(rest))
	}
	out, _, err := harness.Judge(rest[0])
	if err != nil {
		return 0, &harness.InputError{Err: err}
	}
	a.summary(out)
	return out.Result.ExitCode(), nil
}
