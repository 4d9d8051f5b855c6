package harness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/history"
)

// Replay runs the schedule of a stored run again, Times times, on the stored
// configuration. What the brokers and the clients make of it differs each time,
// as processes are scheduled differently.
type Replay struct {
	Dir   string // the stored run
	Times int
	// Base says where: its cluster, machine, binaries and folder of results take
	// the place of the stored run's.
	Base Config
}

// Stored is how the stored run was made. Its error is an *InputError.
func (r Replay) Stored() (Config, error) {
	if r.Times < 1 {
		return Config{}, &InputError{fmt.Errorf("n is %d, allowed is 1 and above", r.Times)}
	}
	record, err := readRecord(r.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, missing := os.Stat(r.Dir); missing != nil {
			return Config{}, &InputError{missing} // what was asked for, not a file inside
		}
		if suite, err := ReadSuite(r.Dir); err == nil && len(suite.Rows) > 0 {
			return Config{}, &InputError{fmt.Errorf("%s holds many runs, allowed is the folder of one, such as %s", r.Dir, suite.Rows[0].Dir)}
		}
		err = fmt.Errorf("%s has no %s, allowed is a folder of a run, or the file of a case", r.Dir, runFile)
	}
	if err != nil {
		return Config{}, &InputError{err}
	}
	h, err := history.Load(filepath.Join(r.Dir, historyFile))
	if err == nil {
		err = consistent(r.Dir, record, h.Header)
	}
	if err != nil {
		return Config{}, &InputError{err}
	}
	return record.Config, nil
}

// Count is what came out of the repetitions.
func Count(rows []Row) (violated, unknown int) {
	for _, r := range rows {
		switch r.Status {
		case checker.Violation:
			violated++
		case checker.Unknown:
			unknown++
		}
	}
	return violated, unknown
}

// Plan says about how long the repetitions take.
func (r Replay) Plan(b Batch) (expected time.Duration, err error) {
	jobs, _, err := r.jobs()
	if err != nil {
		return 0, &InputError{err}
	}
	return b.expected(jobs), nil
}

// Run replays.
func (r Replay) Run(ctx context.Context, b Batch) (Suite, error) {
	jobs, base, err := r.jobs()
	if err != nil {
		return Suite{}, &InputError{err}
	}
	return runSuite(ctx, b, "replay", "replay.json", base, jobs, nil)
}

func (r Replay) jobs() ([]job, Config, error) {
	c, err := r.Stored()
	if err != nil {
		return nil, Config{}, err
	}
	c.ScheduleFile = filepath.Join(r.Dir, ScheduleFile)
	c.Results, c.Cluster, c.Machine = r.Base.Results, r.Base.Cluster, r.Base.Machine
	c.Broker, c.Build, c.Agent = r.Base.Broker, r.Base.Build, r.Base.Agent
	schedule, err := c.Schedule()
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		return nil, c, fmt.Errorf("%s: %w", r.Dir, err)
	}
	var jobs []job
	for i := range r.Times {
		one := c
		one.Folder = fmt.Sprintf("%02d", i+1)
		jobs = append(jobs, job{label: one.Short(), config: one, schedule: schedule, fault: schedule.Name, expect: asJudged})
	}
	return jobs, c, nil
}
