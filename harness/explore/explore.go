package explore

import (
	"context"
	"fmt"
	"time"
)

// Explorer looks for failures, with worker processes.
type Explorer struct {
	Bounds   Bounds
	BlackBox bool
	// Jobs is the number of workers, and Worker the command of one.
	Jobs   int
	Worker []string
	// Seeds is how many cases are simulated at most, and For how long; 0 is no
	// bound. First is the first seed.
	Seeds uint64
	For   time.Duration
	First uint64
	// KeepGoing goes on after a failure.
	KeepGoing bool
	// Unguided draws every case from a profile of its own.
	Unguided bool
	// Accuse says what counts as a failure; nil is whatever was promised.
	Accuse func(Failure) bool
	// Tell, if set, hears of the state now and then, and Fail of every failure.
	Tell func(State)
	Fail func(Found)
	// Hash, if set, hears of every case's hash.
	Hash func(seed, hash uint64)
}

// State is how far an exploration has come. It is all that is needed to go on.
type State struct {
	Next     uint64         `json:"next_seed"`
	Cases    uint64         `json:"cases"`
	Idle     uint64         `json:"idle_cases"` // in which nothing was acked
	Acked    uint64         `json:"acked"`
	Events   uint64         `json:"events"`
	Elapsed  time.Duration  `json:"simulated_ns"`
	Took     time.Duration  `json:"took_ns"`
	Failures map[string]int `json:"failures"` // by class
	Guide    guide          `json:"guide"`
}

// NewState is that of an exploration which begins with a seed.
func NewState(first uint64) State {
	return State{Next: first, Failures: map[string]int{}, Guide: newGuide()}
}

// Protocol is the protocol events that happened, and in how many cases.
func (s State) Protocol() map[string]int { return s.Guide.events() }

// Found is a case that failed.
type Found struct {
	Case    Case
	Failure Failure
}

// window is how many jobs a worker has before it, so that it never waits.
const window = 3

// tellEvery is how often Tell hears.
const tellEvery = 500 * time.Millisecond

// Explore goes on from a state until its bounds are reached, something fails, or
// ctx is done, and returns the state then. What was begun is finished: nothing is
// counted by halves.
func (e Explorer) Explore(ctx context.Context, s State) (State, error) {
	began, before := time.Now(), s.Took
	findings := make(chan finding, window*e.Jobs)
	failed := make(chan error, e.Jobs)
	var workers []*worker
	defer func() {
		for _, w := range workers {
			w.end()
		}
	}()
	for range e.Jobs {
		w, err := hire(e.Worker, orders{Bounds: e.Bounds, BlackBox: e.BlackBox}, findings, failed)
		if err != nil {
			return s, err
		}
		workers = append(workers, w)
	}
	draw := newDice(s.Next, "guide")
	given, stop := uint64(0), false
	enough := func() bool {
		return stop || ctx.Err() != nil || e.Seeds > 0 && given >= e.Seeds || e.For > 0 && time.Since(began) >= e.For
	}
	give := func(w *worker) error {
		j := job{Profile: s.Next, Seed: s.Next}
		if !e.Unguided {
			j.Profile = s.Guide.profile(draw, s.Next)
		}
		s.Next++
		given++
		return w.give(j)
	}
	for range window {
		for _, w := range workers {
			if !enough() {
				if err := give(w); err != nil {
					return s, err
				}
			}
		}
	}
	told := time.Now()
	for done := uint64(0); done < given; done++ {
		var f finding
		select {
		case f = <-findings:
		case err := <-failed:
			return s, err
		}
		s.Took = before + time.Since(began)
		if e.count(&s, f) && !e.KeepGoing {
			stop = true
		}
		if e.Tell != nil && time.Since(told) >= tellEvery {
			told = time.Now()
			e.Tell(s)
		}
		if !enough() {
			if err := give(f.by); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

// count takes a finding into the state, and tells whether it is a failure.
func (e Explorer) count(s *State, f finding) bool {
	s.Cases++
	s.Acked += uint64(f.Acked)
	s.Events += f.Events
	s.Elapsed += f.Elapsed.Duration()
	if f.Acked == 0 {
		s.Idle++
	}
	s.Guide.learn(f)
	if e.Hash != nil {
		e.Hash(f.Seed, f.Hash)
	}
	accused := f.Failure.Promised || e.Bounds.Unpromised && f.Failure.Class != ""
	if e.Accuse != nil {
		accused = e.Accuse(f.Failure)
	}
	if !accused {
		return false
	}
	s.Failures[f.Failure.Class]++
	if e.Fail != nil {
		c := drawProfile(f.Profile, e.Bounds).Draw(f.Seed)
		c.Expect = &Expectation{Hash: fmt.Sprintf("%016x", f.Hash), Failure: f.Failure.Class}
		e.Fail(Found{Case: c, Failure: f.Failure})
	}
	return true
}
