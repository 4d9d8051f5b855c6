package broker

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/partition"
	"github.com/ackproof/ackproof/broker/storage"
)

// partitions is the replicas that this broker holds.
type partitions struct {
	byName map[model.TopicPartition]*held
	sorted []*held
	// touched replicas have changed since the waiting requests were last looked
	// at.
	touched []*held
	// checkpointed watermarks from before the restart.
	checkpointed map[model.TopicPartition]noted
	configIndex  uint64
}

// held is one replica and the requests that wait for it.
type held struct {
	tp      model.TopicPartition
	topicID model.TopicID
	replica *partition.Partition
	touched bool

	commits []*commitWait
	fetches []*parkedFetch
	// backingOff is set while a follower waits before it fetches again.
	backingOff bool
	// lookingUp is set while a follower asks for the bounds of the leader's log.
	lookingUp bool
}

func openPartitions(cfg Config) (partitions, error) {
	checkpointed, err := readWatermarks(cfg.FS, cfg.LogDir)
	return partitions{byName: map[model.TopicPartition]*held{}, checkpointed: checkpointed}, err
}

// hold opens a replica's log at its first mention. A directory left by a topic
// of the same name but another id is somebody else's data (KIP-516).
func (c *Core) hold(tp model.TopicPartition, id model.TopicID) (*held, error) {
	if h := c.partitions.byName[tp]; h != nil && h.topicID == id {
		return h, nil
	} else if h != nil {
		c.drop(controller.DeletedTopic{Name: tp.Topic, ID: h.topicID})
	}
	dir := path.Join(c.cfg.LogDir, tp.String())
	existed, err := c.claimDirectory(dir, id)
	if err != nil {
		return nil, fmt.Errorf("partition %s: %w", tp, err)
	}
	log, recovery, err := storage.OpenLog(c.cfg.FS, dir, c.logConfig(tp.Topic), existed && c.lifecycle.cleanStart)
	if err != nil {
		return nil, fmt.Errorf("partition %s: %w", tp, err)
	}
	if existed {
		c.trace("recovered partition=%s end=%d clean=%t truncated_bytes=%d dropped_segments=%d reason=%q",
			tp, log.EndOffset(), c.lifecycle.cleanStart, recovery.TruncatedBytes, recovery.DroppedSegments, recovery.Reason)
	}
	var watermark model.Offset
	if before := c.partitions.checkpointed[tp]; existed && (before.topic == id || c.cfg.Mutants.Has(mutant.CheckpointOfAnotherTopic)) {
		watermark = before.watermark
	}
	h := &held{tp: tp, topicID: id, replica: partition.New(tp, partition.Config{
		Self:           c.cfg.NodeID,
		Cluster:        c,
		LagMax:         c.cfg.ReplicaLagMax,
		FlushBeforeAck: c.cfg.Flush == FlushBeforeAck,
		Mutants:        c.cfg.Mutants,
		Trace:          c.trace,
	}, log, watermark)}
	c.partitions.byName[tp] = h
	at, _ := slices.BinarySearchFunc(c.partitions.sorted, tp, func(h *held, tp model.TopicPartition) int {
		return compareNames(h.tp, tp)
	})
	c.partitions.sorted = slices.Insert(c.partitions.sorted, at, h)
	return h, nil
}

// claimDirectory makes a replica's directory ours: its partition.metadata names
// the topic's id. It tells whether it held this topic's data already.
func (c *Core) claimDirectory(dir string, id model.TopicID) (bool, error) {
	fs := c.cfg.FS
	file := path.Join(dir, "partition.metadata")
	data, found, err := storage.ReadFile(fs, file)
	if err != nil {
		return false, err
	}
	var owner struct {
		Version int    `json:"version"`
		TopicID string `json:"topic_id"`
	}
	if found && json.Unmarshal(data, &owner) == nil && (owner.TopicID == id.String() || c.cfg.Mutants.Has(mutant.TopicIDUnchecked)) {
		return true, nil
	}
	if err := fs.RemoveAll(dir); err != nil {
		return false, err
	}
	if err := fs.MkdirAll(dir); err != nil {
		return false, err
	}
	owner.Version, owner.TopicID = 1, id.String()
	data, err = json.Marshal(owner)
	if err != nil {
		return false, err
	}
	if err := storage.WriteFileAtomic(fs, file, data, true); err != nil {
		return false, err
	}
	return false, fs.SyncDir(c.cfg.LogDir)
}

// drop forgets the replicas of a deleted topic and removes their data.
func (c *Core) drop(gone controller.DeletedTopic) {
	c.partitions.sorted = slices.DeleteFunc(c.partitions.sorted, func(h *held) bool {
		if h.tp.Topic != gone.Name || h.topicID != gone.ID {
			return false
		}
		delete(c.partitions.byName, h.tp)
		delete(c.partitions.checkpointed, h.tp)
		c.failWaiting(h, model.UnknownTopicOrPartition)
		c.fail(h.replica.Log().Close(false))
		c.fail(c.cfg.FS.RemoveAll(path.Join(c.cfg.LogDir, h.tp.String())))
		c.trace("deleted partition=%s", h.tp)
		return true
	})
}

func (c *Core) logConfig(topic string) storage.LogConfig {
	config := storage.DefaultLogConfig()
	config.SegmentBytes = c.topicNumber(topic, "segment.bytes")
	config.ProducerExpiry = c.cfg.ProducerExpiry
	config.RetentionMS = c.topicNumber(topic, "retention.ms")
	config.RetentionBytes = c.topicNumber(topic, "retention.bytes")
	config.Mutants = c.cfg.Mutants
	return config
}

// refreshConfigs hands changed topic properties to the replicas.
func (c *Core) refreshConfigs() {
	if c.partitions.configIndex == c.Image().Index {
		return
	}
	c.partitions.configIndex = c.Image().Index
	for _, h := range c.partitions.sorted {
		c.refreshConfig(h)
		c.touch(h)
	}
}

func (c *Core) refreshConfig(h *held) {
	h.replica.SetMinISR(int(c.topicNumber(h.tp.Topic, "min.insync.replicas")))
	c.fail(h.replica.Log().Configure(c.logConfig(h.tp.Topic)))
}

// find looks a replica up for a request; the code says why it is not here.
func (c *Core) find(tp model.TopicPartition) (*held, model.ErrorCode) {
	if h := c.partitions.byName[tp]; h != nil {
		return h, model.None
	}
	if _, p := c.Image().Lookup(tp); p != nil {
		return nil, model.NotLeaderOrFollower
	}
	return nil, model.UnknownTopicOrPartition
}

// touch marks a replica whose waiting requests have to be looked at again.
func (c *Core) touch(h *held) {
	if !h.touched {
		h.touched = true
		c.partitions.touched = append(c.partitions.touched, h)
	}
}

// settlePartitions looks at what waits for the replicas that changed.
func (c *Core) settlePartitions() bool {
	c.refreshConfigs()
	busy := false
	for len(c.partitions.touched) > 0 {
		batch := c.partitions.touched
		c.partitions.touched = nil
		for _, h := range batch {
			h.touched = false
			c.settleCommits(h)
			c.settleFetches(h)
		}
		busy = true
	}
	return busy
}

func compareNames(a, b model.TopicPartition) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func contains(ids []model.NodeID, id model.NodeID) bool { return slices.Contains(ids, id) }
