package harness

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/harness/report"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// InputError is a mistake in what the caller asked for: nothing was started.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }
func (e *InputError) Unwrap() error { return e.Err }

// run is one run under way.
type run struct {
	config   Config
	schedule nemesis.Schedule
	dir      string
	record   Record
	rec      *history.Recorder
	progress *progress
	crash    error // a panic of the harness, which is nobody's verdict
}

// Run makes one run and judges it. Its error is an *InputError if the run was
// refused, and otherwise a panic of the harness or a failure to write its files;
// whatever went wrong with the run itself is in the outcome, whose status is
// then never ok. Cancelling ctx heals and stops everything; what was recorded is
// judged.
//
// tell, if set, hears of progress, one call at a time.
func Run(ctx context.Context, c Config, tell func(Progress)) (Outcome, error) {
	schedule, build, err := prepare(ctx, c)
	if err != nil {
		return Outcome{}, &InputError{err}
	}
	return start(ctx, c, schedule, build, tell)
}

// Check tells what Run would refuse: its error is an *InputError.
func Check(ctx context.Context, c Config) error {
	if _, _, err := prepare(ctx, c); err != nil {
		return &InputError{err}
	}
	return nil
}

// prepare checks everything that can be checked before anything is started.
func prepare(ctx context.Context, c Config) (nemesis.Schedule, string, error) {
	if err := c.Validate(); err != nil {
		return nemesis.Schedule{}, "", err
	}
	schedule, err := c.Schedule()
	if err != nil {
		return schedule, "", err
	}
	build, err := brokerBuild(ctx, c)
	return schedule, build, err
}

// start makes a run of a configuration that has been checked.
func start(ctx context.Context, c Config, schedule nemesis.Schedule, build string, tell func(Progress)) (Outcome, error) {
	c.Length = schedule.Length
	if c.ScheduleFile != "" {
		c.Nemesis = []string{schedule.Name} // what really happens, for the record
	}
	r := &run{config: c, schedule: schedule, progress: newProgress(tell, expectedTime(c, schedule))}
	defer r.progress.end()
	if err := r.open(build, time.Now()); err != nil {
		return Outcome{}, err
	}
	r.live(ctx)
	return r.close()
}

// open makes the run's folder and writes down what is going to happen.
func (r *run) open(build string, now time.Time) error {
	var err error
	name := r.config.Folder
	if name == "" {
		name = stamped(now, r.config.slug())
	}
	if r.dir, err = newFolder(r.config.Results, name); err != nil {
		return err
	}
	r.progress.dir = r.dir
	if err := r.schedule.Save(filepath.Join(r.dir, ScheduleFile)); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	hash, err := hashOf(filepath.Join(r.dir, ScheduleFile))
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	r.record = Record{
		Format: Format, Version: Version, Run: filepath.Base(r.dir),
		Started: now.UTC().Format(time.RFC3339), Broker: build, Config: r.config,
	}
	if err := r.save(); err != nil {
		return err
	}
	r.rec, err = history.Create(filepath.Join(r.dir, historyFile), history.Header{
		Run: r.record.Run, Created: r.record.Started, Seed: r.config.Seed, Workload: "log",
		Cluster: r.config.Cluster, Nodes: r.config.Nodes, Broker: build,
		Config: r.config.promise(), Schedule: hash,
	})
	return err
}

func (r *run) save() error { return writeJSON(filepath.Join(r.dir, runFile), r.record) }

// fail notes why the run cannot be ok. The first reason is the one that counts.
func (r *run) fail(err error) {
	if err != nil && r.record.Failure == "" {
		r.record.Failure = oneLine(err)
	}
	var panicked *workloads.Panic
	if errors.As(err, &panicked) {
		r.crash = panicked
	}
}

// oneLine is an error's text without line breaks, which joined errors have.
func oneLine(err error) string {
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

// close ends the record and judges what is on the disk.
func (r *run) close() (Outcome, error) {
	r.progress.stage("judging")
	r.fail(r.rec.Close())
	r.record.Ended = time.Now().UTC().Format(time.RFC3339)
	if err := r.save(); err != nil {
		return Outcome{}, err
	}
	out, h, err := Judge(r.dir)
	if err != nil {
		return Outcome{}, fmt.Errorf("judge %s: %w", r.dir, err)
	}
	if out.Result.Status == checker.Violation {
		err = drawFailure(filepath.Join(r.dir, failureFile), h, out.Result)
	}
	return out, errors.Join(err, r.crash,
		writeJSON(filepath.Join(r.dir, verdictFile), out.Result),
		report.WriteJUnit(filepath.Join(r.dir, junitFile), r.record.Run, report.ChecksAsCases(out.Result)))
}
