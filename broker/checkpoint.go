package broker

import (
	"bytes"
	"fmt"
	"path"
	"time"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

// noted is a high watermark that was written down, and the topic it is of.
type noted struct {
	topic     model.TopicID
	watermark model.Offset
}

func watermarksPath(logDir string) string {
	return path.Join(logDir, "replication-offset-checkpoint")
}

// checkpointWatermarks notes every high watermark, in Kafka's format with the
// topic's id behind it: by the time the file is read, a topic may be another one
// that bears the name (KIP-516), and what was committed of the old one says nothing
// of it. Losing the file is safe: a leader learns the watermark from its followers'
// fetches.
// Before the registration no replica is open, and the file is still the last
// life's.
func (c *Core) checkpointWatermarks() {
	if !c.lifecycle.registered() {
		return
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "1\n%d\n", len(c.partitions.sorted))
	for _, h := range c.partitions.sorted {
		fmt.Fprintf(&out, "%s %d %d %s\n", h.tp.Topic, h.tp.Partition, h.replica.HighWatermark(), h.topicID)
	}
	c.fail(storage.WriteFileAtomic(c.cfg.FS, watermarksPath(c.cfg.LogDir), out.Bytes(), false))
}

// recoveryCheckpointInterval is how often the recovery points are noted unless the
// configuration says otherwise: what lies below them needs no scan after an unclean
// stop.
const recoveryCheckpointInterval = time.Minute

func (c *Core) checkpointRecovery() {
	for _, h := range c.partitions.sorted {
		c.fail(h.replica.Log().Checkpoint())
	}
}

func readWatermarks(fs storage.FS, logDir string) (map[model.TopicPartition]noted, error) {
	watermarks := map[model.TopicPartition]noted{}
	data, found, err := storage.ReadFile(fs, watermarksPath(logDir))
	if err != nil || !found {
		return watermarks, err
	}
	lines := bytes.Split(data, []byte("\n"))
	for _, line := range lines[min(2, len(lines)):] {
		var tp model.TopicPartition
		var topic []byte
		var is noted
		n, _ := fmt.Sscanf(string(line), "%s %d %d %x", &tp.Topic, &tp.Partition, &is.watermark, &topic)
		if n == 4 && copy(is.topic[:], topic) == len(is.topic) {
			watermarks[tp] = is
		}
	}
	return watermarks, nil
}

// enforceRetention removes old segments below the watermark, and forgets
// producers that have been silent for long. Both go by the wall clock: nothing
// that was promised depends on them.
func (c *Core) enforceRetention() {
	for _, h := range c.partitions.sorted {
		h.replica.Log().ExpireProducers(c.now.Wall)
		if !h.replica.IsLeader() {
			continue // followers raise their start with the leader's
		}
		if _, err := h.replica.Log().EnforceRetention(c.now.Wall, h.replica.HighWatermark()); err != nil {
			c.fail(err)
		}
	}
}
