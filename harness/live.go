package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/cluster"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// Limits of the parts of a run in which something is waited for.
const (
	topicLimit   = 30 * time.Second
	recoverLimit = 30 * time.Second
	drainLimit   = 3 * time.Minute
	// afterwards is for how long clients go on once everything has recovered.
	afterwards = time.Second
	ackEvery   = 10 * time.Millisecond
)

// brokerTimes are short, so that a cluster notices a fault, elects and recovers
// within seconds. Directed schedules count on the session and the lag.
var brokerTimes = map[string]string{
	"broker.session.timeout.ms":    "1000",
	"broker.heartbeat.interval.ms": "200",
	"replica.lag.time.max.ms":      "1000",
	"replica.fetch.wait.max.ms":    "100",
	"replica.fetch.backoff.ms":     "100",
	"request.timeout.ms":           "1000",
	"controller.quorum.tick.ms":    "50",
}

// brokerProperties are what the configuration asks of the brokers, beyond what
// it asks of the topic.
func (c Config) brokerProperties() map[string]string {
	properties := maps.Clone(brokerTimes)
	properties["flush.policy"] = c.Flush
	return properties
}

// live is the run from the first broker's start to the last one's end. What
// goes wrong is noted in the record.
func (r *run) live(ctx context.Context) {
	r.progress.stage("starting brokers")
	brokers, err := making{
		kind: r.config.Cluster, dir: r.dir, nodes: r.config.Nodes,
		broker: r.config.Broker, agent: r.config.Agent,
		properties: r.config.brokerProperties(), mutant: r.config.Mutant, seed: r.config.Seed,
	}.make(ctx)
	if err != nil {
		r.fail(causeOf(ctx, err))
		return
	}
	defer func() {
		r.progress.stage("stopping brokers")
		r.fail(brokers.Stop())
		r.record.Deaths = brokers.Unexpected()
	}()
	err = brokers.Start(ctx)
	r.describe(brokers) // now that it is known, also if it is not all
	if err != nil {
		r.fail(causeOf(ctx, fmt.Errorf("start brokers: %w", err)))
		return
	}
	r.fail(causeOf(ctx, r.hurt(ctx, brokers)))
}

// causeOf is err, or the interruption that led to it. A panic stays one.
func causeOf(ctx context.Context, err error) error {
	var panicked *workloads.Panic
	if err == nil || !stopped(ctx) || errors.As(err, &panicked) {
		return err
	}
	return fmt.Errorf("interrupted: %w", context.Cause(ctx))
}

// describe puts on record what the cluster is made of, and what the doctor found
// on its machine.
func (r *run) describe(brokers cluster.Cluster) {
	r.record.Cluster = brokers.Describe()
	for name, found := range r.config.Machine.Found {
		r.record.Cluster["doctor."+name] = found
	}
}

func (r *run) topic() client.Topic {
	return client.Topic{
		Name: Topic, Partitions: int32(r.config.Partitions), ReplicationFactor: int16(r.config.ReplicationFactor),
		Configs: map[string]string{
			"min.insync.replicas":            fmt.Sprint(r.config.MinISR),
			"unclean.leader.election.enable": fmt.Sprint(r.config.Unclean),
		},
	}
}

// hurt makes the topic, lets clients and faults loose, and drains.
func (r *run) hurt(ctx context.Context, brokers cluster.Cluster) error {
	settings := client.Settings{
		Bootstrap: brokers.Bootstrap(), Acks: r.config.Acks, Idempotent: r.config.Idempotent(), Name: "ackproof",
	}
	admin, err := client.NewAdmin(settings)
	if err != nil {
		return err
	}
	defer admin.Close()
	r.progress.stage("creating the topic")
	topic := r.topic()
	if err := r.makeTopic(ctx, admin, topic); err != nil {
		return err
	}
	dialer, err := client.NewDialer(settings)
	if err != nil {
		return err
	}
	options := workloads.LogDefaults(Topic, topic.Partitions, r.config.Seed).Share(r.config.Clients)
	options.Rate = r.config.Rate
	load, err := workloads.NewLog(options, dialer, r.rec)
	if err != nil {
		return err
	}
	r.progress.acked.Store(load.Acked)

	failure := r.play(ctx, brokers, admin, load)
	if stopped(ctx) {
		return errors.Join(failure, ctx.Err())
	}
	// What did not recover is drained all the same: it may hold the proof.
	r.progress.stage("draining every replica")
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	return errors.Join(failure, client.Drain{
		Settings: settings, Topic: topic, Recorder: r.rec, NextValue: load.NextValue,
	}.Run(ctx))
}

func (r *run) makeTopic(ctx context.Context, admin *client.Admin, topic client.Topic) error {
	ctx, cancel := context.WithTimeout(ctx, topicLimit)
	defer cancel()
	if err := admin.CreateTopic(ctx, topic); err != nil {
		return err
	}
	return admin.AwaitWhole(ctx, topic)
}

// play runs the workload and, beside it, the schedule; then it heals, waits
// until the cluster is whole, and lets the clients work on that for a while.
func (r *run) play(ctx context.Context, brokers cluster.Cluster, admin *client.Admin, load *workloads.Log) error {
	r.progress.stage("hurting")
	working := make(chan error, 1)
	go func() { working <- load.Run(ctx) }()
	began := time.Now()
	view := client.View{Admin: admin, Topic: Topic, Partition: 0}
	err := nemesis.Run(ctx, r.schedule, brokers, view, r.recordFault)
	if err == nil {
		sleepUntil(ctx, began.Add(r.schedule.Length.Duration()))
		r.progress.stage("recovering")
		err = r.recover(ctx, brokers, admin, load)
	}
	load.Stop()
	return errors.Join(err, <-working)
}

func (r *run) recover(ctx context.Context, brokers cluster.Cluster, admin *client.Admin, load *workloads.Log) error {
	ctx, cancel := context.WithTimeout(ctx, recoverLimit)
	defer cancel()
	if err := brokers.Heal(ctx); err != nil {
		return fmt.Errorf("heal: %w", err)
	}
	if err := admin.AwaitWhole(ctx, r.topic()); err != nil {
		return fmt.Errorf("the cluster did not recover within %v: %w", recoverLimit, err)
	}
	enough := load.Acked() + int64(judgement.MinAckedAfter)
	sleepUntil(ctx, time.Now().Add(afterwards))
	for load.Acked() < enough {
		if sleepUntil(ctx, time.Now().Add(ackEvery)); ctx.Err() != nil {
			return fmt.Errorf("no writes were acked within %v of healing", recoverLimit)
		}
	}
	return nil
}

// recordFault puts the nemesis's report into the history.
func (r *run) recordFault(report nemesis.Report) {
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
		healing := int64(r.rec.At(report.Healing))
		e.Fault.Healing = &healing
	}
	r.rec.Record(e)
	r.progress.stage(report.Describe)
}

// sleepUntil returns at that time, or when ctx is done.
func sleepUntil(ctx context.Context, at time.Time) {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
