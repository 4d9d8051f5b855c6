package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/report"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// Row is one run of several, and how it was graded.
type Row struct {
	// Name is the configuration as tables show it.
	Name   string `json:"name"`
	Config Config `json:"config"`
	// Fault is what the run suffered, as tables name it.
	Fault string `json:"fault"`
	// Control says that the run must lose data and be seen to.
	Control bool   `json:"control"`
	Dir     string `json:"dir,omitempty"`
	// Case is the file of a simulated case that failed.
	Case string `json:"case,omitempty"`
	// Status is the run's verdict; Grade is what the row is worth: a control
	// that lost is ok, and so is a loss that was never promised not to happen.
	// Both are skipped where the machine cannot have the fault.
	Status  checker.Status  `json:"status"`
	Grade   checker.Status  `json:"grade"`
	Verdict string          `json:"verdict"`
	Reason  string          `json:"reason,omitempty"` // the run's own, in full
	Metrics checker.Metrics `json:"metrics"`
	Seconds float64         `json:"seconds"`
}

// notRun is the verdict of a row that an interruption did not let begin.
const notRun = "not run"

// Ran tells whether the run was begun.
func (r Row) Ran() bool { return r.Verdict != notRun }

// Simulated tells whether the row is many simulations, of which nothing is stored
// but a case that failed.
func (r Row) Simulated() bool { return r.Config.Cluster == "sim" }

// job is a row before it has run.
type job struct {
	label    string // the configuration as tables show it
	config   Config
	schedule nemesis.Schedule
	fault    string
	expect   expectation
	// cannot says why the machine cannot do it; the row is told as not run.
	cannot string
}

// expected is about how long the job takes.
func (j job) expected() time.Duration {
	if j.cannot != "" {
		return 0
	}
	return expectedTime(j.config, j.schedule)
}

func (j job) name() string { return j.label + " × " + j.fault }

// BatchProgress is how far a batch has come.
type BatchProgress struct {
	Done, Total int
	Left        time.Duration // an estimate
	// Running are the runs under way and what they do.
	Running []string
	// Finished is the row that has just ended, or nil.
	Finished *Row
}

// Batch is several runs, at most Parallel at a time.
type Batch struct {
	Parallel int
	// Tell, if set, hears of progress, one call at a time.
	Tell func(BatchProgress)
}

// told tells of a row that was made beside the batch.
func (b Batch) told(row Row) {
	if b.Tell != nil {
		b.Tell(BatchProgress{Finished: &row})
	}
}

// expected is about how long jobs take.
func (b Batch) expected(jobs []job) time.Duration {
	var sum time.Duration
	for _, j := range jobs {
		sum += j.expected()
	}
	return sum / time.Duration(max(1, b.Parallel))
}

// run makes the runs and grades them. A row that could not be run is unknown;
// only a panic is an error, and ends the batch.
func (b Batch) run(ctx context.Context, jobs []job, build string) ([]Row, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &batchWatch{tell: b.Tell, batch: b, jobs: jobs, running: map[int]Progress{}}
	rows := make([]Row, len(jobs))
	next := make(chan int, len(jobs))
	for i := range jobs {
		next <- i
	}
	close(next)

	var (
		working sync.WaitGroup
		crashed = make(chan error, max(1, b.Parallel))
	)
	for range max(1, b.Parallel) {
		working.Go(func() {
			for i := range next {
				var err error
				rows[i], err = b.one(ctx, jobs[i], build, func(p Progress) { w.progress(i, p) })
				w.finished(i, rows[i])
				if err != nil {
					crashed <- err
					cancel()
					return
				}
			}
		})
	}
	working.Wait()
	close(crashed)
	return rows, <-crashed
}

// one makes one run and grades it. Its error is a panic.
func (b Batch) one(ctx context.Context, j job, build string, tell func(Progress)) (Row, error) {
	row := Row{Name: j.label, Config: j.config, Fault: j.fault, Control: j.expect == mustLose, Status: checker.Unknown, Grade: checker.Unknown}
	if j.cannot != "" {
		row.Status, row.Grade, row.Verdict = checker.Skipped, checker.Skipped, "not run: "+j.cannot
		return row, nil
	}
	if stopped(ctx) {
		row.Verdict = notRun
		return row, nil
	}
	var (
		out      Outcome
		err      error
		panicked *workloads.Panic
		began    = time.Now()
	)
	crash := workloads.Guard(func() { out, err = start(ctx, j.config, j.schedule, build, tell) })
	row.Seconds = time.Since(began).Seconds()
	switch {
	case crash != nil:
		row.Verdict = oneLine(crash)
	case errors.As(err, &panicked):
		crash, row.Verdict = panicked, oneLine(panicked)
	case err != nil:
		row.Verdict = "harness failed: " + oneLine(err)
	default:
		row.Dir = out.Dir
		row.judged(j.expect, out.Result)
	}
	return row, crash
}

// judged puts a result into the row.
func (r *Row) judged(e expectation, result checker.Result) {
	r.Status, r.Reason, r.Metrics = result.Status, result.Reason, result.Metrics
	r.Grade, r.Verdict = grade(e, result)
}

// stopped tells whether ctx is done.
func stopped(ctx context.Context) bool { return ctx.Err() != nil }

// batchWatch puts the progress of runs together.
type batchWatch struct {
	tell  func(BatchProgress)
	batch Batch
	jobs  []job

	mu      sync.Mutex
	running map[int]Progress
	done    []int
}

func (w *batchWatch) progress(i int, p Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running[i] = p
	w.send(nil)
}

func (w *batchWatch) finished(i int, row Row) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, i)
	w.done = append(w.done, i)
	w.send(&row)
}

func (w *batchWatch) send(finished *Row) {
	if w.tell == nil {
		return
	}
	p := BatchProgress{Done: len(w.done), Total: len(w.jobs), Finished: finished}
	var left time.Duration
	for i, j := range w.jobs {
		running, ok := w.running[i]
		switch {
		case ok:
			left += max(0, running.Expected-running.Elapsed)
			p.Running = append(p.Running, j.name()+": "+running.Stage)
		case !slices.Contains(w.done, i):
			left += j.expected()
		}
	}
	p.Left = left / time.Duration(max(1, w.batch.Parallel))
	w.tell(p)
}

// Exit is the exit code of rows: 1 if one failed, 2 if one is unknown, or if
// none was run.
func Exit(rows []Row) int {
	ran, worst := false, 0
	for _, r := range rows {
		ran = ran || r.Grade != checker.Skipped
		switch r.Grade {
		case checker.Violation:
			return 1
		case checker.OK, checker.Skipped:
		default:
			worst = 2
		}
	}
	if !ran {
		return 2
	}
	return worst
}

// TableRows are rows as a table shows them.
func TableRows(rows []Row) []report.Row {
	var table []report.Row
	for _, r := range rows {
		table = append(table, report.Row{Config: r.Name, Fault: r.Fault, Metrics: r.Metrics, Verdict: r.Verdict, AckedOnly: r.Simulated()})
	}
	return table
}

// casesOf are rows as JUnit test cases.
func casesOf(rows []Row) []report.Case {
	var cases []report.Case
	for _, r := range rows {
		cases = append(cases, report.Case{
			Name: r.Name + " " + r.Fault, Status: r.Grade, Message: r.Verdict, Seconds: r.Seconds,
			Detail: strings.TrimSpace(fmt.Sprintf("acked %d, lost %d; %s\n%s", r.Metrics.Acked, r.Metrics.Lost, r.Dir, r.Reason)),
		})
	}
	return cases
}
