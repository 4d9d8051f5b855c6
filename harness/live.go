package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/cluster"
	"github.com/ackproof/ackproof/harness/timeline"
	"github.com/ackproof/ackproof/harness/trial"
	"github.com/ackproof/ackproof/workloads"
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
	there, leave := whileThere(ctx, brokers)
	defer leave()
	err = r.hurt(there, brokers)
	r.fail(brokers.Lost()) // which is why all else failed
	r.fail(causeOf(ctx, err))
}

// lostEvery is how often a cluster is asked whether it is lost.
const lostEvery = 250 * time.Millisecond

// whileThere is ctx for as long as the cluster is not lost: without one a run
// would wait for recovery until its limits.
func whileThere(ctx context.Context, brokers cluster.Cluster) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for timeline.Live.Sleep(ctx, lostEvery) {
			if brokers.Lost() != nil {
				cancel()
			}
		}
	}()
	return ctx, cancel
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

// hurt makes the topic, lets clients and faults loose, and drains.
func (r *run) hurt(ctx context.Context, brokers cluster.Cluster) error {
	return trial.Trial{
		Time: timeline.Live, Cluster: brokers, Clients: client.Live,
		Settings: client.Settings{
			Bootstrap: brokers.Bootstrap(), Acks: r.config.Acks, Idempotent: r.config.Idempotent(), Name: "ackproof",
		},
		Topic: r.config.topic(), Workload: r.config.workload(), Schedule: r.schedule, Recorder: r.rec, ISREvery: trial.ISREvery,
		AckedAfter: judgement.MinAckedAfter, Stage: r.progress.stage, Counts: r.progress.acked.Store,
	}.Run(ctx)
}

func (c Config) topic() client.Topic {
	return client.Topic{
		Name: Topic, Partitions: int32(c.Partitions), ReplicationFactor: int16(c.ReplicationFactor),
		Configs: map[string]string{
			"min.insync.replicas":            fmt.Sprint(c.MinISR),
			"unclean.leader.election.enable": fmt.Sprint(c.Unclean),
		},
	}
}

func (c Config) workload() workloads.LogOptions {
	o := workloads.LogDefaults(Topic, int32(c.Partitions), c.Seed).Share(c.Clients)
	o.Rate = c.Rate
	return o
}
