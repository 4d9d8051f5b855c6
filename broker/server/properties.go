package server

import (
	"math"
	"time"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/model"
)

// property is one thing that can be configured. Its rule says what is allowed
// and where the value goes.
type property struct {
	name     string
	standard string // the default, as one would write it; empty is unset
	rule     rule
	doc      string
}

// properties is every property there is. Names and defaults are Kafka's where
// Kafka has the property.
var properties = []property{
	{"node.id", "1", whole(func(s *Settings) *model.NodeID { return &s.Broker.NodeID }, 0, math.MaxInt32),
		"Id of this broker, unique in the cluster."},
	{"cluster.id", "ackproof", word(func(s *Settings) *string { return &s.Broker.ClusterID }),
		"Id of the cluster. A data directory never changes its cluster."},
	{"controller.quorum.voters", "", voters(),
		"Members of the metadata quorum, this broker included. Unset: this broker alone."},
	{"listeners", "INSIDE://127.0.0.1:9093,OUTSIDE://127.0.0.1:9092", boundListeners(),
		"Addresses to bind. Port 0 takes a free one."},
	{"advertised.listeners", "", advertisedListeners(),
		"Addresses that others are told to connect to. Unset, in whole or for one name: as in listeners."},
	{"inter.broker.listener.name", "", word(func(s *Settings) *string { return &s.Broker.InterBrokerListener }),
		"Listener that brokers use among themselves, and no client. Unset: the first one."},
	{"broker.rack", "", word(func(s *Settings) *string { return &s.Broker.Rack }),
		"Rack of this broker, as told to clients."},
	{"socket.request.max.bytes", "104857600", whole(func(s *Settings) *int32 { return &s.MaxRequestBytes }, 1024, math.MaxInt32),
		"Largest request; a connection that announces a larger one is closed."},

	{"log.dirs", "", directory(func(s *Settings) *string { return &s.Broker.LogDir }),
		"Directory of the partitions' logs. Has to be set."},
	{"metadata.log.dir", "", directory(func(s *Settings) *string { return &s.Broker.MetadataDir }),
		"Directory of the metadata quorum. Unset: the folder metadata in log.dirs."},
	{"flush.policy", "never", oneOf(func(s *Settings) *broker.FlushPolicy { return &s.Broker.Flush },
		broker.FlushNever, broker.FlushInterval, broker.FlushBeforeAck),
		"When records reach the disk: left to the system, in the background, or before they count as replicated."},
	{"log.flush.interval.ms", "1000", millis(func(s *Settings) *time.Duration { return &s.Broker.FlushInterval }, 1),
		"Time between flushes with flush.policy=interval."},
	{"log.retention.check.interval.ms", "300000", millis(func(s *Settings) *time.Duration { return &s.Broker.RetentionInterval }, 1),
		"Time between two looks for segments to delete."},
	{"replica.high.watermark.checkpoint.interval.ms", "5000", millis(func(s *Settings) *time.Duration { return &s.Broker.HWCheckpointInterval }, 1),
		"Time between two checkpoints of the high watermarks."},
	{"log.flush.offset.checkpoint.interval.ms", "60000", millis(func(s *Settings) *time.Duration { return &s.Broker.RecoveryCheckpointInterval }, 1),
		"Time between two checkpoints of the recovery points, below which nothing is scanned after an unclean stop."},
	{"producer.id.expiration.ms", "86400000", millis(func(s *Settings) *time.Duration { return &s.Broker.ProducerExpiry }, 1),
		"Time after which a silent producer's dedupe state is forgotten."},

	{"num.partitions", "1", whole(func(s *Settings) *int32 { return &s.Broker.DefaultPartitions }, 1, math.MaxInt32),
		"Partitions of a topic that is created without a number of them."},
	{"default.replication.factor", "1", whole(func(s *Settings) *int16 { return &s.Broker.DefaultReplicationFactor }, 1, math.MaxInt16),
		"Replicas of a topic that is created without a number of them."},
	{"min.insync.replicas", "1", topicDefault("min.insync.replicas"),
		"Smallest in-sync set that takes a write with acks=all."},
	{"unclean.leader.election.enable", "false", topicDefault("unclean.leader.election.enable"),
		"Whether a replica out of sync may lead, at the price of acknowledged records."},
	{"message.max.bytes", "1048588", topicDefault("max.message.bytes"),
		"Largest record batch."},
	{"log.segment.bytes", "1073741824", topicDefault("segment.bytes"),
		"Size at which a new segment is begun."},
	{"log.retention.ms", "604800000", topicDefault("retention.ms"),
		"Age at which records may be deleted; -1 is never."},
	{"log.retention.bytes", "-1", topicDefault("retention.bytes"),
		"Size of a partition above which old segments are deleted; -1 is none."},

	{"replica.lag.time.max.ms", "30000", millis(func(s *Settings) *time.Duration { return &s.Broker.ReplicaLagMax }, 1),
		"Time behind the leader's end after which a follower leaves the in-sync set."},
	{"replica.fetch.wait.max.ms", "500", millis(func(s *Settings) *time.Duration { return &s.Broker.ReplicaFetchWaitMax }, 0),
		"Time that a leader may hold a follower's fetch while there is nothing new."},
	{"replica.fetch.backoff.ms", "1000", millis(func(s *Settings) *time.Duration { return &s.Broker.ReplicaFetchBackoff }, 1),
		"Time that a follower waits after a failed fetch."},
	{"replica.fetch.response.max.bytes", "10485760", whole(func(s *Settings) *int32 { return &s.Broker.ReplicaFetchMaxBytes }, 1, math.MaxInt32),
		"Largest answer to a follower's fetch, unless the first batch is larger."},
	{"request.timeout.ms", "30000", millis(func(s *Settings) *time.Duration { return &s.Broker.PeerTimeout }, 1),
		"Time after which a request to another broker has failed."},

	{"broker.session.timeout.ms", "9000", millis(func(s *Settings) *time.Duration { return &s.Broker.SessionTimeout }, 1),
		"Time without a heartbeat after which the controller fences a broker."},
	{"broker.heartbeat.interval.ms", "2000", millis(func(s *Settings) *time.Duration { return &s.Broker.HeartbeatInterval }, 1),
		"Time between heartbeats to the controller."},
	{"controller.quorum.tick.ms", "100", millis(func(s *Settings) *time.Duration { return &s.Broker.RaftTick }, 1),
		"Unit of the metadata quorum's time: heartbeats take one, elections ten and more."},
	{"auto.leader.rebalance.enable", "true", boolean(func(s *Settings) *bool { return &s.autoRebalance }),
		"Whether leadership is given back to the preferred replica."},
	{"leader.imbalance.check.interval.seconds", "300", seconds(func(s *Settings) *time.Duration { return &s.rebalanceInterval }, 1),
		"Time between two looks for leaderships to give back."},

	{"http.listen", "", address(func(s *Settings) *string { return &s.HTTPListen }),
		"Where /metrics and /healthz are served. Unset: nowhere."},
	{"log.level", "info", logLevel(),
		"Least severity that is logged."},
	{"log.format", "text", oneOf(func(s *Settings) *string { return &s.LogFormat }, "text", "json"),
		"Form of the log's lines."},
	{"mutant", "", mutants(),
		"Protocol bugs to switch on, to prove that a test sees them. Never set it otherwise."},
}

// findProperty finds a property by its name.
func findProperty(name string) (property, bool) {
	for _, p := range properties {
		if p.name == name {
			return p, true
		}
	}
	return property{}, false
}
