package server

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

func TestDefaultsMakeOneUsableBroker(t *testing.T) {
	s, err := Load([]string{"--log.dirs=/data"}, nil)
	require.NoError(t, err)
	inside := controller.Listener{Name: "INSIDE", Host: "127.0.0.1", Port: 9093}
	outside := controller.Listener{Name: "OUTSIDE", Host: "127.0.0.1", Port: 9092}
	require.Equal(t, []controller.Listener{inside, outside}, s.Listeners)
	require.Equal(t, []controller.Listener{inside, outside}, s.Broker.Advertised)
	require.Equal(t, "INSIDE", s.Broker.InterBrokerListener)
	require.Equal(t, []Voter{{ID: 1, Address: "127.0.0.1:9093"}}, s.Voters)
	require.Equal(t, []model.NodeID{1}, s.Broker.Voters)
	require.Equal(t, "/data", s.Broker.LogDir)
	require.Equal(t, "/data/metadata", s.Broker.MetadataDir)
	require.Equal(t, broker.FlushNever, s.Broker.Flush)
	require.Equal(t, 300*time.Second, s.Broker.RebalanceInterval)
	require.Equal(t, map[string]string{
		"min.insync.replicas":            "1",
		"unclean.leader.election.enable": "false",
		"max.message.bytes":              "1048588",
		"segment.bytes":                  "1073741824",
		"retention.ms":                   "604800000",
		"retention.bytes":                "-1",
	}, s.Broker.TopicDefaults)
}

func TestEveryPropertyArrives(t *testing.T) {
	file := filepath.Join(t.TempDir(), "broker.properties")
	require.NoError(t, os.WriteFile(file, []byte(`
# three brokers
! and an old way to comment
node.id = 2
cluster.id=c-1
controller.quorum.voters=1@b1:9093, 2@b2:9093
listeners=IN://0.0.0.0:9093,OUT://:9092
advertised.listeners=IN://b2:9093,OUT://host:19092
inter.broker.listener.name=IN
broker.rack=r1
log.dirs=/data/logs
metadata.log.dir=/data/quorum
flush.policy=before-ack
replica.lag.time.max.ms=1500
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=3000
auto.leader.rebalance.enable=false
leader.imbalance.check.interval.seconds=5
min.insync.replicas=2
log.segment.bytes=4096
socket.request.max.bytes=2048
http.listen=:8080
log.level=debug
log.format=json
mutant=ack-on-append,21
`), 0o644))
	s, err := Load([]string{"--config", file}, nil)
	require.NoError(t, err)
	require.EqualValues(t, 2, s.Broker.NodeID)
	require.Equal(t, "c-1", s.Broker.ClusterID)
	require.Equal(t, []Voter{{1, "b1:9093"}, {2, "b2:9093"}}, s.Voters)
	require.Equal(t, []controller.Listener{{Name: "IN", Host: "0.0.0.0", Port: 9093}, {Name: "OUT", Port: 9092}}, s.Listeners)
	require.Equal(t, []controller.Listener{{Name: "IN", Host: "b2", Port: 9093}, {Name: "OUT", Host: "host", Port: 19092}}, s.Broker.Advertised)
	require.Equal(t, "IN", s.Broker.InterBrokerListener)
	require.Equal(t, "r1", s.Broker.Rack)
	require.Equal(t, "/data/logs", s.Broker.LogDir)
	require.Equal(t, "/data/quorum", s.Broker.MetadataDir)
	require.Equal(t, broker.FlushBeforeAck, s.Broker.Flush)
	require.Equal(t, 1500*time.Millisecond, s.Broker.ReplicaLagMax)
	require.Equal(t, 3*time.Second, s.Broker.HeartbeatInterval)
	require.Zero(t, s.Broker.RebalanceInterval, "off, whatever its interval")
	require.Equal(t, "2", s.Broker.TopicDefaults["min.insync.replicas"])
	require.Equal(t, "4096", s.Broker.TopicDefaults["segment.bytes"])
	require.EqualValues(t, 2048, s.MaxRequestBytes)
	require.Equal(t, ":8080", s.HTTPListen)
	require.Equal(t, slog.LevelDebug, s.LogLevel)
	require.Equal(t, "json", s.LogFormat)
	require.Equal(t, mutant.Set{mutant.AckOnAppend: true, mutant.MinISRIgnored: true}, s.Broker.Mutants)
}

func TestFlagWinsOverEnvironmentOverFileOverDefault(t *testing.T) {
	file := filepath.Join(t.TempDir(), "broker.properties")
	require.NoError(t, os.WriteFile(file, []byte("log.dirs=/file\nnum.partitions=3\nlog.format=json\n"), 0o644))
	s, err := Load(
		[]string{"--num.partitions", "5", "--config=" + file},
		[]string{"PATH=/bin", "ACKBROKER_NUM_PARTITIONS=4", "ACKBROKER_LOG_DIRS=/env", "ACKBROKER_LOG_FORMAT=", "ACKBROKER_PARENT_PIPE=3"})
	require.NoError(t, err)
	require.EqualValues(t, 5, s.Broker.DefaultPartitions, "flag")
	require.Equal(t, "/env", s.Broker.LogDir, "environment")
	require.Equal(t, "json", s.LogFormat, "file, as the variable is empty")
	require.EqualValues(t, 1, s.Broker.NodeID, "default")
}

func TestBadPropertiesAreRefusedByName(t *testing.T) {
	for _, test := range []struct {
		flags string
		want  string
	}{
		{"", `property "log.dirs" is not set; allowed: the path of the directory to keep the data in`},
		{"--replica.lag.time.mx.ms=1", `property "replica.lag.time.mx.ms" is unknown (did you mean "replica.lag.time.max.ms"?)`},
		{"--zookeeper.connect=x", `property "zookeeper.connect" is unknown`},
		{"--node.id", `flag "--node.id" has no value`},
		{"node.id=1", `argument "node.id=1" is not allowed; allowed: --property=value`},
		{"-node.id=1", `argument "-node.id=1" is not allowed; allowed: --property=value`},
		{"--node.id=1 --node.id=2", `property "node.id" is set twice`},
		{"--config=/nowhere --config=/nowhere", `flag "--config" is set twice`},
		{"--config=/nowhere/x", `flag "--config": open /nowhere/x: no such file or directory`},
		{"--node.id=one", `property "node.id": "one" is not allowed; allowed: integers from 0 to 2147483647`},
		{"--message.max.bytes=", `property "message.max.bytes": "" is not allowed; allowed: integers from 0 to 2147483647`},
		{"--auto.leader.rebalance.enable=", `property "auto.leader.rebalance.enable": "" is not allowed; allowed: true, false`},
		{"--node.id=-1", `property "node.id": "-1" is not allowed; allowed: integers from 0 to 2147483647`},
		{"--default.replication.factor=32768", `property "default.replication.factor": "32768" is not allowed; allowed: integers from 1 to 32767`},
		{"--cluster.id=a/b", `property "cluster.id": "a/b" is not allowed; allowed: letters, digits, '.', '_' and '-'`},
		{"--log.dirs=/a,/b", `property "log.dirs": "/a,/b" is not allowed; allowed: the path of one directory`},
		{"--log.dirs=/a --metadata.log.dir=/a", `property "metadata.log.dir": "/a" is not allowed; allowed: another directory than "log.dirs"`},
		{"--flush.policy=always", `property "flush.policy": "always" is not allowed; allowed: never, interval, before-ack`},
		{"--replica.lag.time.max.ms=10s", `property "replica.lag.time.max.ms": "10s" is not allowed; allowed: milliseconds from 1 to 2147483647`},
		{"--leader.imbalance.check.interval.seconds=0", `property "leader.imbalance.check.interval.seconds": "0" is not allowed; allowed: seconds from 1 to 2147483647`},
		{"--auto.leader.rebalance.enable=yes", `property "auto.leader.rebalance.enable": "yes" is not allowed; allowed: true, false`},
		{"--min.insync.replicas=0", `property "min.insync.replicas": "0" is not allowed; allowed: integers from 1 to 2147483647`},
		{"--unclean.leader.election.enable=1", `property "unclean.leader.election.enable": "1" is not allowed; allowed: false, true`},
		{"--log.segment.bytes=1", `property "log.segment.bytes": "1" is not allowed; allowed: integers from 1024 to 2147483647`},
		{"--http.listen=8080", `property "http.listen": "8080" is not allowed; allowed: host:port`},
		{"--log.level=trace", `property "log.level": "trace" is not allowed; allowed: debug, info, warn, error`},
		{"--mutant=none", `property "mutant": "none" is not allowed; allowed: names separated by commas of ` + strings.Join(mutant.Names(), ", ")},
		{"--listeners=127.0.0.1:9092", `property "listeners": "127.0.0.1:9092" is not allowed; allowed: NAME://host:port separated by commas`},
		{"--listeners=A://h:70000", `property "listeners": "A://h:70000" is not allowed; allowed: NAME://host:port separated by commas`},
		{"--listeners=A://h:1,A://h:2", `property "listeners": "A://h:1,A://h:2" is not allowed: the name A is there twice; allowed: NAME://host:port separated by commas`},
		{"--listeners=A://0.0.0.0:1", `property "advertised.listeners": listener A has the host "0.0.0.0", which nobody can connect to; allowed: a host that clients and brokers reach`},
		{"--listeners=A://:1", `property "advertised.listeners": listener A has the host "", which nobody can connect to; allowed: a host that clients and brokers reach`},
		{"--advertised.listeners=B://h:1", `property "advertised.listeners": "B" is not allowed; allowed: the names of "listeners"`},
		{"--inter.broker.listener.name=B", `property "inter.broker.listener.name": "B" is not allowed; allowed: the names of "listeners"`},
		{"--controller.quorum.voters=b1:9093", `property "controller.quorum.voters": "b1:9093" is not allowed; allowed: id@host:port separated by commas`},
		{"--controller.quorum.voters=1@b1:0", `property "controller.quorum.voters": "1@b1:0" is not allowed; allowed: id@host:port separated by commas`},
		{"--controller.quorum.voters=1@b1:1,1@b2:1", `property "controller.quorum.voters": "1@b1:1,1@b2:1" is not allowed: the id 1 is there twice; allowed: id@host:port separated by commas`},
		{"--controller.quorum.voters=2@b2:1,3@b3:1", `property "controller.quorum.voters": no voter has the id 1; allowed: lists with this broker's "node.id"`},
		{"--broker.heartbeat.interval.ms=9001", `property "broker.heartbeat.interval.ms": 9001 is not allowed; allowed: up to the 9000 of "broker.session.timeout.ms"`},
		{"--replica.fetch.wait.max.ms=600 --replica.lag.time.max.ms=500", `property "replica.fetch.wait.max.ms": 600 is not allowed; allowed: up to the 500 of "replica.lag.time.max.ms"`},
	} {
		t.Run(test.flags, func(t *testing.T) {
			args := strings.Fields(test.flags)
			if test.flags != "" && !strings.Contains(test.flags, "--log.dirs") {
				args = append([]string{"--log.dirs=/data"}, args...)
			}
			_, err := Load(args, nil)
			require.EqualError(t, err, test.want)
			require.ErrorIs(t, err, ErrConfig)
		})
	}
}

func TestUnknownEnvironmentVariableIsRefused(t *testing.T) {
	_, err := Load([]string{"--log.dirs=/data"}, []string{"ACKBROKER_NODEID=1"})
	require.EqualError(t, err, `environment variable "ACKBROKER_NODEID" is unknown (did you mean "ACKBROKER_NODE_ID"?)`)
	require.ErrorIs(t, err, ErrConfig)
}

func TestBadFileIsRefusedByLine(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"node.id", `line "node.id" is not allowed; allowed: property=value (%s line 1)`},
		{"\nnode.id=1\nnode.id=2", `property "node.id" is set twice (%s line 3)`},
		{"# x\nnode.ids=1", `property "node.ids" is unknown (did you mean "node.id"?) (%s line 2)`},
	} {
		file := filepath.Join(t.TempDir(), "p")
		require.NoError(t, os.WriteFile(file, []byte(test.text), 0o644))
		_, err := Load([]string{"--config", file}, nil)
		require.EqualError(t, err, strings.ReplaceAll(test.want, "%s", file))
	}
}

func TestPropertyTableIsSound(t *testing.T) {
	variables := map[string]string{}
	for _, p := range properties {
		require.NotEmpty(t, p.rule.allowed, p.name)
		require.True(t, strings.HasSuffix(p.doc, "."), p.name)
		require.Empty(t, variables[envName(p.name)], "two properties have the variable of %s", p.name)
		variables[envName(p.name)] = p.name
		if p.standard != "" {
			require.NoError(t, p.rule.set(&Settings{}, p.standard), p.name)
		}
	}
	for _, p := range controller.Properties() {
		if ours, ok := findProperty(p.BrokerName); ok {
			require.Equal(t, p.Default, ours.standard, p.BrokerName)
			require.Equal(t, p.Allowed, ours.rule.allowed, p.BrokerName)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"kitten", "sitting", 3}, {"node.id", "nodeid", 1},
	} {
		require.Equal(t, test.want, editDistance(test.a, test.b), "%q and %q", test.a, test.b)
	}
}
