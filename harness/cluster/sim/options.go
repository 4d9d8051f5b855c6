package sim

import (
	"cmp"
	"fmt"
	"maps"
	"time"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/nemesis"
)

// Options are everything that a simulation depends on.
type Options struct {
	Nodes   int
	Seed    uint64
	Weather Weather
	Flush   broker.FlushPolicy
	// Mutants are the protocol bugs that the brokers run with.
	Mutants mutant.Set
	Times   Times
	// Patience is that of producers.
	Patience Patience
	// FetchBytes is how much a follower is given at once; 0 leaves it at 1 MiB.
	FetchBytes int32
	// SnapshotEvery is after how many entries the quorum's log is cut; 0 leaves it to
	// the broker.
	SnapshotEvery int
	// Trace, if set, hears of everything that happens.
	Trace Tracer
	// BlackBox leaves out the look inside the brokers: what clients see must do.
	BlackBox bool
}

// Times are the brokers' timeouts and intervals.
type Times struct {
	Session      nemesis.Millis `json:"session_ms"`
	Heartbeat    nemesis.Millis `json:"heartbeat_ms"`
	Lag          nemesis.Millis `json:"lag_ms"`
	FetchWait    nemesis.Millis `json:"fetch_wait_ms"`
	FetchBackoff nemesis.Millis `json:"fetch_backoff_ms"`
	Request      nemesis.Millis `json:"request_ms"`
	RaftTick     nemesis.Millis `json:"raft_tick_ms"`
	// Checkpoint is the interval of the high watermarks' checkpoints.
	Checkpoint nemesis.Millis `json:"checkpoint_ms"`
	// Retention is between two looks for segments to delete; 0 stands for a minute.
	Retention nemesis.Millis `json:"retention_ms,omitempty"`
	// Recovery is that of the recovery points; 0 leaves it to the broker.
	Recovery nemesis.Millis `json:"recovery_checkpoint_ms,omitempty"`
}

// DefaultTimes are those of live runs, with half as many ticks of the quorum.
func DefaultTimes() Times {
	return Times{
		Session: 1000, Heartbeat: 250, Lag: 1000, FetchWait: 200, FetchBackoff: 100, Request: 1000,
		RaftTick: 100, Checkpoint: 1000,
	}
}

// Validate names the first field that cannot be.
func (t Times) Validate() error {
	for _, field := range []struct {
		name  string
		value nemesis.Millis
	}{
		{"session_ms", t.Session}, {"heartbeat_ms", t.Heartbeat}, {"lag_ms", t.Lag}, {"fetch_wait_ms", t.FetchWait},
		{"fetch_backoff_ms", t.FetchBackoff}, {"request_ms", t.Request}, {"raft_tick_ms", t.RaftTick},
		{"checkpoint_ms", t.Checkpoint},
	} {
		if field.value < 1 || field.value > 600_000 {
			return fmt.Errorf("times: %s is %d, allowed are 1 to 600000", field.name, field.value)
		}
	}
	for _, field := range []struct {
		name  string
		value nemesis.Millis
	}{{"retention_ms", t.Retention}, {"recovery_checkpoint_ms", t.Recovery}} {
		if field.value < 0 || field.value > 600_000 {
			return fmt.Errorf("times: %s is %d, allowed are 0 to 600000", field.name, field.value)
		}
	}
	if t.FetchWait > t.Lag { // as the broker's own configuration
		return fmt.Errorf("times: lag_ms is %d, allowed are %d (fetch_wait_ms) or more", t.Lag, t.FetchWait)
	}
	return nil
}

// Validate names the first field that cannot be.
func (o Options) Validate() error {
	if o.Nodes < 1 || o.Nodes > maxNodes {
		return fmt.Errorf("sim: nodes is %d, allowed are 1 to %d", o.Nodes, maxNodes)
	}
	if o.SnapshotEvery < 0 {
		return fmt.Errorf("sim: snapshot_every is %d, allowed are 0 or more", o.SnapshotEvery)
	}
	if o.FetchBytes < 0 {
		return fmt.Errorf("sim: fetch_bytes is %d, allowed are 0 or more", o.FetchBytes)
	}
	return cmp.Or(o.Weather.Validate(), o.Times.Validate(), o.Patience.Validate())
}

// maxNodes is far more than anybody needs to see a replication bug.
const maxNodes = 9

// Folders of a broker's disk.
const (
	logDir      = "/logs"
	metadataDir = "/meta"
)

// broker is the configuration of one of them.
func (o Options) broker(id model.NodeID, disk *disk) broker.Config {
	voters := make([]model.NodeID, o.Nodes)
	for i := range voters {
		voters[i] = model.NodeID(i + 1)
	}
	return broker.Config{
		NodeID: id, ClusterID: "simulated", Voters: voters,
		Advertised:          []controller.Listener{{Name: outside, Host: fmt.Sprintf("node-%d", id), Port: 9092}},
		InterBrokerListener: inside,
		FS:                  disk.fs, LogDir: logDir, MetadataDir: metadataDir,
		TopicDefaults:            maps.Clone(topicDefaults),
		DefaultReplicationFactor: int16(min(o.Nodes, 3)), DefaultPartitions: 1,
		Flush: o.Flush, FlushInterval: time.Second,
		ReplicaLagMax: o.Times.Lag.Duration(), ReplicaFetchWaitMax: o.Times.FetchWait.Duration(),
		ReplicaFetchBackoff: o.Times.FetchBackoff.Duration(), ReplicaFetchMaxBytes: cmp.Or(o.FetchBytes, 1<<20),
		PeerTimeout: o.Times.Request.Duration(), SessionTimeout: o.Times.Session.Duration(),
		HeartbeatInterval: o.Times.Heartbeat.Duration(), RaftTick: o.Times.RaftTick.Duration(),
		HWCheckpointInterval: o.Times.Checkpoint.Duration(), RecoveryCheckpointInterval: o.Times.Recovery.Duration(),
		RetentionInterval: cmp.Or(o.Times.Retention.Duration(), time.Minute),
		ProducerExpiry:    24 * time.Hour, Mutants: o.Mutants, SnapshotEvery: uint64(o.SnapshotEvery),
	}
}

// topicDefaults are of topics that say nothing else.
var topicDefaults = map[string]string{"min.insync.replicas": "1", "unclean.leader.election.enable": "false"}
