package explore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ackproof/ackproof/broker/invariant"
	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/cluster/sim"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/harness/trial"
	"github.com/ackproof/ackproof/workloads"
)

// Look is how closely a simulation is looked at.
type Look struct {
	// BlackBox judges by what clients see alone.
	BlackBox bool
	// SecondOpinion lets Porcupine decide too.
	SecondOpinion bool
	// Trace, if set, hears of everything that happens.
	Trace sim.Tracer
	// Performed, if set, hears of what clients do.
	Performed func(workloads.Op)
}

// Outcome is a simulation and its judgement.
type Outcome struct {
	History *history.History
	Result  checker.Result
	// Problems are the broken invariants that the look inside found.
	Problems []invariant.Problem
	// Failure is what went wrong; the zero value is nothing.
	Failure  Failure
	Hash     uint64
	Events   uint64
	Elapsed  time.Duration // simulated
	Coverage sim.Coverage
}

// HashText is the hash as cases store it.
func (o Outcome) HashText() string { return fmt.Sprintf("%016x", o.Hash) }

// Failure is what goes wrong in a case.
type Failure struct {
	// Class is the check that fails, or Stuck, Death, Endless, Harness, or one of those of
	// the look inside, which begin with Inside.
	Class string
	// Promised says that the broker broke its word. What the configuration never
	// promised may go wrong.
	Promised bool
	Reason   string
}

// Classes of failures that are no check of the checker's.
const (
	Stuck   = "stuck"        // no recovery although all faults were healed
	Death   = "broker-death" // a broker ended although nobody ordered it
	Endless = "endless"      // messages without end, or nothing that could happen
	Harness = "harness"      // the simulator itself failed
	Inside  = "inside:"
)

// startLimit bounds the time until all brokers of a new cluster are there.
const startLimit = 30 * time.Second

// Simulate makes the case happen and judges it. Its error is that of a case that
// cannot be.
func Simulate(c Case, look Look) (Outcome, error) {
	if err := c.Validate(); err != nil {
		return Outcome{}, err
	}
	options, err := c.options()
	if err != nil {
		return Outcome{}, err
	}
	options.Trace, options.BlackBox = look.Trace, look.BlackBox
	cluster, err := sim.New(options)
	if err != nil {
		return Outcome{}, err
	}
	recorder := cluster.NewRecorder()
	callers := callers{}
	failure := cluster.Run(func() error { return c.course(cluster, recorder, look, callers) })
	if failure == nil {
		cluster.Quiet()
	}
	out := Outcome{
		History: &history.History{Header: c.header(), Events: recorder.Events},
		Hash:    cluster.Hash(), Events: cluster.Events(), Elapsed: cluster.Elapsed(), Coverage: cluster.Coverage(),
	}
	out.Result = look.judge(out.History)
	out.Problems = cluster.Problems()
	out.Failure = classify(out.Result, out.Problems, failure, cluster.Unexpected())
	if out.Failure.Class == "" {
		out.Failure = c.progress(recorder.Events)
	}
	if out.Failure.Class == "" && c.Config.Idempotent {
		out.Failure = callers.overtaken(recorder.Events)
	}
	return out, nil
}

// judge is what clients' words alone come to.
func (l Look) judge(h *history.History) checker.Result {
	return checker.Check(h, checker.Options{WitnessAlone: !l.SecondOpinion})
}

// course is that of the run, in the cluster's time.
func (c Case) course(cluster *sim.Cluster, recorder *sim.Recorder, look Look, callers callers) error {
	ctx := context.Background()
	limited, cancel := cluster.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := cluster.AwaitHealthy(limited); err != nil {
		return err
	}
	load := c.workload()
	load.Performed = func(op workloads.Op) {
		callers.note(op, len(recorder.Events))
		if look.Performed != nil {
			look.Performed(op)
		}
	}
	return trial.Trial{
		Time: cluster.Time(), Cluster: cluster, Clients: cluster.Clients(),
		Settings: client.Settings{Acks: c.Config.Acks, Idempotent: c.Config.Idempotent},
		Topic:    c.topic(), Workload: load, Schedule: c.Schedule, Recorder: recorder, View: cluster.View,
		Stage: cluster.Stage, Counts: func(func() int64) {},
	}.Run(ctx)
}

func (c Case) header() history.Header {
	h := history.Header{
		Format: history.Format, Version: history.Version, Run: c.Name, Seed: c.Seed,
		Workload: "log", Cluster: "sim", Nodes: c.Nodes(), Config: c.Config,
	}
	if c.Weather.Rough() {
		h.Labels = map[string]string{history.Weather: history.Rough}
	}
	return h
}

// classify names what went wrong, the worst first: a broken promise, a broken
// invariant, a broker that died, a cluster that is stuck, what was never promised.
func classify(result checker.Result, problems []invariant.Problem, course error, deaths []string) Failure {
	check, reason, _ := strings.Cut(result.Reason, ": ")
	switch {
	case result.Broken():
		return Failure{Class: check, Promised: true, Reason: reason}
	case len(problems) > 0:
		return Failure{Class: Inside + string(problems[0].Class), Promised: true, Reason: problems[0].Text}
	case len(deaths) > 0:
		return Failure{Class: Death, Promised: true, Reason: deaths[0]}
	case errors.Is(course, sim.ErrEndless):
		return Failure{Class: Endless, Promised: true, Reason: course.Error()}
	case course != nil:
		return Failure{Class: Stuck, Promised: true, Reason: strings.ReplaceAll(course.Error(), "\n", "; ")}
	case result.Status == checker.Violation:
		return Failure{Class: check, Reason: reason}
	}
	return Failure{}
}

func (f Failure) String() string {
	if f.Class == "" {
		return "ok"
	}
	word := "not promised: "
	if f.Promised {
		word = ""
	}
	return fmt.Sprintf("%s%s: %s", word, f.Class, f.Reason)
}
