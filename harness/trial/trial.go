// Package trial is the course of one run on a cluster that is up: topic, clients
// and faults side by side, heal, recovery, drain. It is the same course whatever
// the cluster is made of and whosever time it runs in; what it saw is in the
// history, and judging that is somebody else's business.
//
// It promises that all faults are healed and all clients of the workload gone
// before it drains, and that it drains whatever went wrong before: what did not
// recover may hold the proof.
package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/harness/timeline"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// Limits of the parts of a trial in which something is waited for.
const (
	recoverLimit = 30 * time.Second
	drainLimit   = 3 * time.Minute
	// afterwards is for how long clients go on once everything has recovered.
	afterwards = time.Second
	ackEvery   = 10 * time.Millisecond
)

// Draining is the last stage.
const Draining = "draining every replica"

// Trial is what a run is made of.
type Trial struct {
	Time    timeline.Timeline
	Cluster nemesis.Cluster
	Clients client.Connector
	// Settings are those of the workload's clients.
	Settings client.Settings
	Topic    client.Topic
	Workload workloads.LogOptions
	Schedule nemesis.Schedule
	Recorder Recorder
	// View is what faults go by; nil for what clients see, who ask the brokers.
	View func(asking client.View) nemesis.View
	// ISREvery is how often the ISRs are looked at where faults take data; 0 for a Recorder
	// that sees them by itself.
	ISREvery time.Duration
	// AckedAfter is how many sends must be acked once everything has recovered.
	AckedAfter int
	// Stage hears what begins, and Counts who counts the acked sends.
	Stage  func(string)
	Counts func(acked func() int64)
}

// Recorder takes the history.
type Recorder interface {
	workloads.Recorder
	// At is where a time lies on the base of the events' times.
	At(time.Time) time.Duration
}

// Run runs its course. Cancelling ctx heals everything and gives up.
func (t Trial) Run(ctx context.Context) error {
	admin, err := t.Clients.Admin(t.Settings)
	if err != nil {
		return err
	}
	defer admin.Close()
	t.Stage("creating the topic")
	if err := admin.MakeTopic(ctx, t.Topic); err != nil {
		return err
	}
	dialer, err := t.Clients.Dialer(t.Settings)
	if err != nil {
		return err
	}
	load, err := workloads.NewLog(t.Workload, t.Time, dialer, t.Recorder)
	if err != nil {
		return err
	}
	t.Counts(load.Acked)

	failure := t.play(ctx, admin, load)
	if ctx.Err() != nil {
		return errors.Join(failure, ctx.Err())
	}
	t.Stage(Draining)
	return errors.Join(failure, t.drain(ctx, admin, load))
}

// play runs the workload and, beside it, the schedule; then it heals, waits
// until the cluster is whole, and lets the clients work on that for a while.
func (t Trial) play(ctx context.Context, admin *client.Admin, load *workloads.Log) error {
	var working, hurting, watching error
	seen := &isrs{record: t.Recorder.Record, topic: t.Topic.Name}
	looking, enough := context.WithCancel(ctx)
	work := []func(){
		func() { working = load.Run(ctx) },
		func() {
			defer enough()
			panicked := workloads.Guard(func() { hurting = t.hurt(ctx, admin, load, seen) })
			hurting = errors.Join(hurting, panicked)
			load.Stop()
		},
	}
	if t.ISREvery > 0 && takesData(t.Schedule) {
		work = append(work, func() { watching = workloads.Guard(func() { t.watch(looking, admin, seen) }) })
	}
	t.Time.Together(work...)
	return errors.Join(hurting, working, watching)
}

func (t Trial) hurt(ctx context.Context, admin *client.Admin, load *workloads.Log, seen *isrs) error {
	t.Stage("hurting")
	began := t.Time.Now()
	if err := nemesis.Run(ctx, t.Time, t.Schedule, t.Cluster, t.view(admin), func(r nemesis.Report) { t.recordFault(r, seen) }); err != nil {
		return err
	}
	timeline.Until(t.Time, ctx, began.Add(t.Schedule.Length.Duration()))
	t.Stage("recovering")
	return t.recover(ctx, admin, load)
}

// view is of the partition under test.
func (t Trial) view(admin *client.Admin) nemesis.View {
	asking := client.View{Admin: admin, Topic: t.Topic.Name, Partition: 0}
	if t.View == nil {
		return asking
	}
	return t.View(asking)
}

func (t Trial) recover(ctx context.Context, admin *client.Admin, load *workloads.Log) error {
	ctx, cancel := t.Time.WithTimeout(ctx, recoverLimit)
	defer cancel()
	if err := t.Cluster.Heal(ctx); err != nil {
		return fmt.Errorf("heal: %w", err)
	}
	if err := admin.AwaitWhole(ctx, t.Topic); err != nil {
		return fmt.Errorf("the cluster did not recover within %v: %w", recoverLimit, err)
	}
	enough := load.Acked() + int64(t.AckedAfter)
	t.Time.Sleep(ctx, afterwards)
	for load.Acked() < enough {
		if !t.Time.Sleep(ctx, ackEvery) {
			return fmt.Errorf("no writes were acked within %v of healing", recoverLimit)
		}
	}
	return nil
}

func (t Trial) drain(ctx context.Context, admin *client.Admin, load *workloads.Log) error {
	ctx, cancel := t.Time.WithTimeout(ctx, drainLimit)
	defer cancel()
	s := t.Settings
	s.Name += "-drain"
	s.Acks, s.Idempotent = "all", true
	dialer, err := t.Clients.Dialer(s)
	if err != nil {
		return err
	}
	marking, err := dialer.Producer(0)
	if err != nil {
		return err
	}
	defer marking.Close()
	return client.Drain{
		Admin: admin, Marking: marking, Topic: t.Topic, Recorder: t.Recorder, NextValue: load.NextValue,
	}.Run(ctx)
}

// recordFault puts the nemesis's report into the history.
func (t Trial) recordFault(report nemesis.Report, seen *isrs) {
	e := history.Event{
		Process: history.NemesisProcess, Type: history.Info, F: string(report.Kind),
		Fault: &history.Fault{
			Step: report.Step, Kind: string(report.Kind), Nodes: report.Nodes,
			Describe: report.Describe, Evidence: report.Evidence, Bit: report.Bit,
		},
	}
	if report.Begin {
		e.Type = history.Invoke
	} else {
		healing := int64(t.Recorder.At(report.Healing))
		e.Fault.Healing = &healing
	}
	if report.Begin && lossy(report.Kind) {
		seen.lose(e)
	} else {
		t.Recorder.Record(e)
	}
	t.Stage(report.Describe)
}
