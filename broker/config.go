package broker

import (
	"time"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

// FlushPolicy says when records reach the disk.
type FlushPolicy string

// Never leaves it to the operating system, as Kafka does by default;
// FlushInterval flushes in the background; BeforeAck counts a record as
// replicated only once it is on the disk, with group commit.
const (
	FlushNever     FlushPolicy = "never"
	FlushInterval  FlushPolicy = "interval"
	FlushBeforeAck FlushPolicy = "before-ack"
)

// Config is everything a Core needs to know. Property names in comments are
// the configuration's.
type Config struct {
	NodeID    model.NodeID // node.id
	ClusterID string       // cluster.id
	// Voters are the brokers of the metadata quorum: controller.quorum.voters.
	Voters []model.NodeID
	// Advertised addresses by listener: advertised.listeners.
	Advertised          []controller.Listener
	InterBrokerListener string // inter.broker.listener.name
	Rack                string // broker.rack

	FS          storage.FS
	LogDir      string // log.dirs
	MetadataDir string // metadata.log.dir

	// TopicDefaults are the static defaults of topic properties, by the topic
	// property's name (min.insync.replicas, segment.bytes, retention.ms, ...).
	TopicDefaults            map[string]string
	DefaultReplicationFactor int16 // default.replication.factor
	DefaultPartitions        int32 // num.partitions

	Flush         FlushPolicy   // flush.policy
	FlushInterval time.Duration // log.flush.interval.ms

	ReplicaLagMax        time.Duration // replica.lag.time.max.ms
	ReplicaFetchWaitMax  time.Duration // replica.fetch.wait.max.ms
	ReplicaFetchBackoff  time.Duration // replica.fetch.backoff.ms
	ReplicaFetchMaxBytes int32         // replica.fetch.response.max.bytes
	PeerTimeout          time.Duration // request.timeout.ms between brokers

	SessionTimeout    time.Duration // broker.session.timeout.ms
	HeartbeatInterval time.Duration // broker.heartbeat.interval.ms
	RaftTick          time.Duration // controller.quorum.tick.ms
	SnapshotEvery     uint64        // entries after which the metadata log is compacted; 0 = 4096
	RebalanceInterval time.Duration // leader.imbalance.check.interval.seconds; 0 = off

	HWCheckpointInterval       time.Duration // replica.high.watermark.checkpoint.interval.ms
	RecoveryCheckpointInterval time.Duration // log.flush.offset.checkpoint.interval.ms; 0 = a minute
	RetentionInterval          time.Duration // log.retention.check.interval.ms
	ProducerExpiry             time.Duration // producer.id.expiration.ms

	Mutants mutant.Set
	// Seed of the core's random numbers: topic ids, incarnation.
	Seed uint64
}
