package sim

import (
	"fmt"
	"maps"
	"time"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
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
	// Trace, if set, hears of everything that happens.
	Trace Tracer
	// BlackBox leaves out the look inside the brokers: what clients see must do.
	BlackBox bool
}

// Times are the brokers' timeouts and intervals.
type Times struct {
	Session, Heartbeat    time.Duration
	Lag, FetchWait        time.Duration
	FetchBackoff, Request time.Duration
	RaftTick              time.Duration
	Checkpoint            time.Duration // of high watermarks
}

// DefaultTimes are those of live runs, with half as many ticks of the quorum.
func DefaultTimes() Times {
	return Times{
		Session: time.Second, Heartbeat: 250 * time.Millisecond,
		Lag: time.Second, FetchWait: 200 * time.Millisecond,
		FetchBackoff: 100 * time.Millisecond, Request: time.Second,
		RaftTick: 100 * time.Millisecond, Checkpoint: time.Second,
	}
}

func (o Options) validate() error {
	if o.Nodes < 1 || o.Nodes > maxNodes {
		return fmt.Errorf("sim: nodes is %d, allowed are 1 to %d", o.Nodes, maxNodes)
	}
	return o.Weather.Validate()
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
		ReplicaLagMax: o.Times.Lag, ReplicaFetchWaitMax: o.Times.FetchWait,
		ReplicaFetchBackoff: o.Times.FetchBackoff, ReplicaFetchMaxBytes: 1 << 20,
		PeerTimeout: o.Times.Request, SessionTimeout: o.Times.Session,
		HeartbeatInterval: o.Times.Heartbeat, RaftTick: o.Times.RaftTick,
		HWCheckpointInterval: o.Times.Checkpoint, RetentionInterval: time.Minute,
		ProducerExpiry: 24 * time.Hour, Mutants: o.Mutants,
	}
}

// topicDefaults are of topics that say nothing else.
var topicDefaults = map[string]string{"min.insync.replicas": "1", "unclean.leader.election.enable": "false"}
