package explore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness"
)

// SuiteRow is a row of the durability suite: cases of one configuration.
type SuiteRow struct {
	Bounds Bounds
	// Fault is what the table says of it.
	Fault string
	// Control says that acknowledged writes must be lost, and be seen to.
	Control bool
}

// SuiteRows are what simulations add to the suite, on a machine without anything
// too: power loss, torn writes, failing disks and wrong clocks.
func SuiteRows() []SuiteRow {
	return []SuiteRow{
		{Bounds{Acks: "all", MinISR: 2, Flush: "never"}, "sim mixed", false},
		{Bounds{Acks: "all", MinISR: 2, Flush: "before-ack"}, "sim power+torn", false},
		{Bounds{Acks: "all", MinISR: 1, Flush: "before-ack"}, "sim power+torn", false},
		{Bounds{Acks: "1", MinISR: 1, Flush: "never"}, "sim mixed", true},
		{Bounds{Acks: "all", MinISR: 1, Flush: "never", Unclean: true}, "sim unclean", true},
	}
}

// Run explores the row's configuration for a while and grades it, as the suite's
// rows are graded. Cases that fail are kept in a folder in dir.
func (r SuiteRow) Run(ctx context.Context, e Explorer, dir string) (harness.Row, error) {
	row := harness.Row{
		Name: r.name(), Fault: r.Fault, Control: r.Control, Status: checker.Unknown, Grade: checker.Unknown,
		Config: harness.Config{
			Acks: r.Bounds.Acks, MinISR: r.Bounds.MinISR, Unclean: r.Bounds.Unclean, Flush: r.Bounds.Flush,
			Cluster: "sim", Seed: e.First,
		},
	}
	lossy, first := 0, ""
	var broken error
	e.Bounds, e.KeepGoing = r.Bounds, true
	e.Accuse = func(f Failure) bool { return f.Class != "" }
	e.Fail = func(f Found) {
		if !f.Failure.Promised {
			lossy++
			return
		}
		if first == "" {
			folder, err := Open(filepath.Join(dir, "sim"))
			broken = errors.Join(broken, err)
			path, err := folder.Keep(f)
			broken = errors.Join(broken, err)
			row.Case, row.Reason, first = path, f.Failure.String(), f.Failure.Class
		}
	}
	began := time.Now()
	state, err := e.Explore(ctx, NewState(e.First))
	if err := errors.Join(err, broken); err != nil {
		return row, err
	}
	row.Seconds = time.Since(began).Seconds()
	row.Metrics.Acked = int(state.Acked)
	cases := fmt.Sprintf("%d cases, %.1f hours", state.Cases, state.Elapsed.Hours())
	switch {
	case first == Harness || state.Acked == 0:
		row.Verdict = "unknown: " + cases
	case first != "":
		row.Status, row.Grade, row.Verdict = checker.Violation, checker.Violation, "FAILED: "+first+", "+cases
	case r.Control && lossy == 0:
		row.Status, row.Grade = checker.OK, checker.Violation
		row.Verdict = "BLIND: must lose data and was not seen to, " + cases
	case r.Control:
		row.Status, row.Grade = checker.Violation, checker.OK
		row.Verdict = fmt.Sprintf("lost in %d of %s, as it must", lossy, cases)
	default:
		row.Status, row.Grade, row.Verdict = checker.OK, checker.OK, "ok: "+cases
	}
	return row, nil
}

func (r SuiteRow) name() string {
	name := fmt.Sprintf("acks=%s min.isr=%d", r.Bounds.Acks, r.Bounds.MinISR)
	if r.Bounds.Acks != "all" {
		name = "acks=" + r.Bounds.Acks
	}
	if r.Bounds.Unclean {
		name += " unclean"
	}
	if r.Bounds.Flush == "before-ack" {
		name += " flush=" + r.Bounds.Flush
	}
	return name
}
