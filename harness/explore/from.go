package explore

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness"
	"github.com/ackproof/ackproof/nemesis"
)

// FromRun takes a live run's configuration and schedule, and the check that it
// failed: what is to be looked for under many seeds.
func FromRun(dir string) (b Bounds, class string, err error) {
	out, _, err := harness.Judge(dir)
	if err != nil {
		return b, "", fmt.Errorf("explore from: %w", err)
	}
	if out.Result.Status != checker.Violation {
		return b, "", fmt.Errorf("explore from %s: its verdict is %s, allowed is a run with a violation", dir, out.Result.Status)
	}
	schedule, err := nemesis.Load(filepath.Join(dir, harness.ScheduleFile))
	if err != nil {
		return b, "", fmt.Errorf("explore from %s: %w", dir, err)
	}
	class, _, _ = strings.Cut(out.Result.Reason, ": ")
	c := out.Record.Config
	return Bounds{
		Acks: c.Acks, MinISR: c.MinISR, Unclean: c.Unclean, Flush: c.Flush, Mutant: c.Mutant, Schedule: &schedule,
	}, class, nil
}
