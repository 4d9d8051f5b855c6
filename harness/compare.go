package harness

import (
	"context"
	"fmt"
	"time"
)

// Compare is the same clients and the same schedule on several configurations.
type Compare struct {
	// Base gives seed, faults, rate and the rest.
	Base Config
	// Acks and MinISRs are combined.
	Acks    []string
	MinISRs []int
}

func (c Compare) jobs() ([]job, error) {
	schedule, err := c.Base.Schedule()
	if err != nil {
		return nil, err
	}
	var jobs []job
	for _, acks := range c.Acks {
		for _, min := range c.MinISRs {
			config := c.Base
			config.Acks, config.MinISR = acks, min
			config.Folder = fmt.Sprintf("%02d-%s", len(jobs)+1, config.slug())
			if err := config.Validate(); err != nil {
				return nil, err
			}
			jobs = append(jobs, job{label: config.full(), config: config, schedule: schedule, fault: schedule.Name})
		}
	}
	if len(jobs) == 0 {
		return nil, fmt.Errorf("acks and min-isr name %d configurations, allowed is 1 and above", len(jobs))
	}
	return jobs, nil
}

// Plan says what the comparison would do: under which schedule, and about how
// long it takes.
func (c Compare) Plan(b Batch) (schedule string, expected time.Duration, err error) {
	jobs, err := c.jobs()
	if err != nil {
		return "", 0, &InputError{err}
	}
	return jobs[0].schedule.Name, b.expected(jobs), nil
}

// Run runs the comparison; its rows are in the order of the configurations.
func (c Compare) Run(ctx context.Context, b Batch) (Suite, error) {
	jobs, err := c.jobs()
	if err != nil {
		return Suite{}, &InputError{err}
	}
	return runSuite(ctx, b, "compare", "compare.json", c.Base, jobs, nil)
}
