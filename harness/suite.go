package harness

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/report"
	"github.com/ackproof/ackproof/nemesis"
)

// SuiteFormat names the format of a Suite's JSON, whose version is Version.
const SuiteFormat = "ackproof-suite"

// Suite is suite.json, compare.json or replay.json: a table of runs and what
// they come to.
type Suite struct {
	Format  string         `json:"format"`
	Version int            `json:"version"`
	Name    string         `json:"name"`
	Started string         `json:"started"`
	Ended   string         `json:"ended"`
	Seed    uint64         `json:"seed"`
	Cluster string         `json:"cluster"`
	Broker  string         `json:"broker"`
	Status  checker.Status `json:"status"`
	Rows    []Row          `json:"rows"`
	Dir     string         `json:"-"`
}

// Durability is the suite that asks of every configuration, under every kind
// of fault, whether what it acknowledged is there.
type Durability struct {
	// Base gives what the rows do not decide: seed, rate, broker, folder.
	Base Config
	// Only keeps the rows whose name ("acks=1 crash") contains it; a
	// multiplication sign in it counts as a space.
	Only string
	// Quick keeps a few telling rows.
	Quick bool
	// Length of each drawn schedule.
	Length nemesis.Millis
	// Simulated, if set, adds rows of simulations.
	Simulated Simulated
}

// Simulated makes rows of simulations, one after the other, in the suite's
// folder, and tells of each.
type Simulated func(ctx context.Context, dir string, tell func(Row)) ([]Row, error)

// suiteConfigs are the configurations of the suite, from the safest down.
var suiteConfigs = []struct {
	config Config
	// extra are faults of this configuration alone.
	extra []string
	// controls are directed schedules under which it must lose.
	controls []string
}{
	{Config{Acks: "all", MinISR: 2}, clockFaults, nil},
	// Safe only while a replica stays whole: its control takes the last one's disk.
	{Config{Acks: "all", MinISR: 1}, clockFaults[:1], []string{"min-isr1-loss"}},
	{Config{Acks: "all", MinISR: 1, Unclean: true}, nil, []string{"unclean-loss"}},
	{Config{Acks: "1", MinISR: 1}, nil, []string{"acks1-loss"}},
	// Fire and forget: what was sent counts as acknowledged.
	{Config{Acks: "0", MinISR: 1}, nil, []string{"acks0-loss"}},
}

// suiteFaults are the kinds of drawn faults.
var suiteFaults = []string{"partition", "crash", "pause", "mixed"}

// clockFaults are the clock faults of those that promise something: a wrong
// clock alone takes nothing from anybody else either.
var clockFaults = []string{"clock", "clock-sessions"}

// quickRows are those of a quick suite: the safe configuration under
// everything, and two controls, one of each way to lose.
var quickRows = []string{"acks=all min.isr=2 × mixed", "acks=1 × acks1-loss", "acks=0 × acks0-loss"}

// jobs are the suite's rows, drawn and checked.
func (d Durability) jobs() ([]job, error) {
	var jobs []job
	for _, row := range suiteConfigs {
		for _, fault := range slices.Concat(suiteFaults, row.extra) {
			jobs = append(jobs, d.job(row.config, fault, keepsPromises))
		}
		for _, name := range row.controls {
			jobs = append(jobs, d.job(row.config, name, mustLose))
		}
	}
	var kept []job
	for _, j := range jobs {
		if d.Quick && !slices.Contains(quickRows, j.name()) || !strings.Contains(plainWords(j.name()), plainWords(d.Only)) {
			continue
		}
		j.config.Folder = fmt.Sprintf("%02d-%s", len(kept)+1, j.config.slug())
		schedule, err := j.config.Schedule()
		var cannot *cannotError
		if errors.As(err, &cannot) {
			j.cannot = cannot.why // and it is told in the table
			err = nil
		}
		if err == nil {
			j.config.Nodes = schedule.Nodes
			err = j.config.Validate()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", j.name(), err)
		}
		j.schedule = schedule
		kept = append(kept, j)
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("only is %q, allowed is a part of a row's name, such as %q, %q or %q",
			d.Only, plainWords(jobs[0].name()), plainWords(jobs[len(jobs)-1].name()), suiteFaults[1])
	}
	return kept, nil
}

// plainWords is a row's name as people can type it: without the sign between
// configuration and fault, and with single spaces.
func plainWords(name string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(name, "×", " ")), " ")
}

func (d Durability) job(row Config, fault string, expect expectation) job {
	c := d.configure(row, fault)
	return job{label: c.Short(), config: c, fault: fault, expect: expect}
}

// configure makes a row's configuration. Its seed hangs on the row's name, so
// that running one row alone deals the same.
func (d Durability) configure(row Config, fault string) Config {
	c := d.Base
	c.Acks, c.MinISR, c.Unclean = row.Acks, row.MinISR, row.Unclean
	c.Nemesis, c.Length = []string{fault}, d.Length
	if s, err := nemesis.Directed(fault); err == nil {
		c.Nodes = s.Nodes
	}
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%d/%s/%s", d.Base.Seed, c.Short(), fault) // a hash never fails to write
	c.Seed = uint64(h.Sum32())
	return c
}

// Plan says what the suite would do: how many runs and about how long they take.
func (d Durability) Plan(b Batch) (runs int, expected time.Duration, err error) {
	jobs, err := d.jobs()
	if err != nil {
		return 0, 0, &InputError{err}
	}
	for _, j := range jobs {
		if j.cannot == "" {
			runs++
		}
	}
	return runs, b.expected(jobs), nil
}

// Run runs the suite and writes suite.json and junit.xml beside the folders of
// its rows. Its error is an *InputError, a panic, or one of writing.
func (d Durability) Run(ctx context.Context, b Batch) (Suite, error) {
	jobs, err := d.jobs()
	if err != nil {
		return Suite{}, &InputError{err}
	}
	return runSuite(ctx, b, "durability", "suite.json", d.Base, jobs, d.Simulated)
}

// runSuite runs jobs into a folder of their own and writes the table to file.
func runSuite(ctx context.Context, b Batch, name, file string, base Config, jobs []job, simulated Simulated) (Suite, error) {
	build, err := brokerBuild(ctx, base)
	if err != nil {
		return Suite{}, &InputError{err}
	}
	now := time.Now()
	s := Suite{
		Format: SuiteFormat, Version: Version, Name: name, Started: now.UTC().Format(time.RFC3339),
		Seed: base.Seed, Cluster: base.Cluster, Broker: build,
	}
	if s.Dir, err = newFolder(base.Results, stamped(now, name)); err != nil {
		return s, err
	}
	for i := range jobs {
		jobs[i].config.Results = s.Dir
	}
	var crash error
	s.Rows, crash = b.run(ctx, jobs, build)
	if simulated != nil && crash == nil && !stopped(ctx) {
		rows, err := simulated(ctx, s.Dir, b.told)
		if err != nil {
			return s, err
		}
		s.Rows = append(s.Rows, rows...)
	}
	s.Ended = time.Now().UTC().Format(time.RFC3339)
	s.Status = statusOf(s.Rows)
	return s, errors.Join(crash,
		writeJSON(filepath.Join(s.Dir, file), s),
		report.WriteJUnit(filepath.Join(s.Dir, junitFile), name, casesOf(s.Rows)))
}
