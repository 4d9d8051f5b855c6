package broker

import (
	"encoding/binary"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/wire"
)

// Core is the Node that the wire handlers talk to.
var _ wire.Node = (*Core)(nil)

// localConn is the connection of requests that a broker sends to itself as the
// active controller.
const localConn wire.ConnID = 0

// ID is this broker's node id.
func (c *Core) ID() model.NodeID { return c.cfg.NodeID }

// ClusterID is the configured cluster.id.
func (c *Core) ClusterID() string { return c.cfg.ClusterID }

// InterBrokerListener is the listener that only brokers use.
func (c *Core) InterBrokerListener() string { return c.cfg.InterBrokerListener }

// Image is the metadata applied here.
func (c *Core) Image() *controller.Image { return c.controller.Image() }

// ControllerID is the active controller as far as known.
func (c *Core) ControllerID() model.NodeID { return c.controller.Leader() }

// Propose hands a command to the quorum.
func (c *Core) Propose(cmd controller.Command, done func(controller.Result)) {
	c.controller.Propose(c.now.Mono, cmd, done)
}

// Heartbeat hands a broker's heartbeat to the active controller.
func (c *Core) Heartbeat(h controller.Heartbeat, done func(controller.HeartbeatResult)) {
	c.controller.Heartbeat(c.now.Mono, h, done)
}

// Defaults are the static topic defaults.
func (c *Core) Defaults() map[string]string { return c.cfg.TopicDefaults }

// DefaultReplicationFactor is default.replication.factor.
func (c *Core) DefaultReplicationFactor() int16 { return c.cfg.DefaultReplicationFactor }

// DefaultPartitions is num.partitions.
func (c *Core) DefaultPartitions() int32 { return c.cfg.DefaultPartitions }

// MaxMessageBytes is a topic's max.message.bytes.
func (c *Core) MaxMessageBytes(topic string) int {
	return int(c.topicNumber(topic, "max.message.bytes"))
}

// topicNumber reads a numeric topic property. Static defaults are those of the
// active controller, so that brokers with different files agree, on
// min.insync.replicas above all (KAFKA-16540). Values were validated when they
// were set: one that does not parse is a broken invariant.
func (c *Core) topicNumber(topic, property string) int64 {
	value, _ := c.Image().TopicConfig(topic, property, c.Image().StaticConfig)
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		panic("broker: " + property + " of topic " + topic + " is not a number: " + value)
	}
	return n
}

// NewTopicID draws an id from the core's random source.
func (c *Core) NewTopicID() model.TopicID { return c.randomID() }

func (c *Core) randomID() (id [16]byte) {
	binary.BigEndian.PutUint64(id[:8], c.rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], c.rand.Uint64())
	return id
}

// Reply answers a call.
func (c *Core) Reply(call *wire.Call, response kmsg.Response) {
	if call.Conn == localConn {
		c.peers.answered(PeerResponse{Token: call.Seq, Response: response})
		return
	}
	c.effect(Reply{Call: call, Response: response})
}

// Drop closes the connection of a call that cannot be answered.
func (c *Core) Drop(call *wire.Call) {
	if call.Conn == localConn {
		c.peers.answered(PeerResponse{Token: call.Seq, Err: errNoAnswer})
		return
	}
	c.effect(CloseConn{Conn: call.Conn})
}

// Eligible tells whether a broker may join an ISR (KIP-841).
func (c *Core) Eligible(id model.NodeID) bool {
	return c.Image().Brokers[id].Eligible() || c.cfg.Mutants.Has(mutant.FencedReplicaJoins)
}

// BrokerEpoch is the epoch of a broker's registration.
func (c *Core) BrokerEpoch(id model.NodeID) model.BrokerEpoch {
	if b := c.Image().Brokers[id]; b != nil {
		return b.Epoch
	}
	return model.NoBrokerEpoch
}
