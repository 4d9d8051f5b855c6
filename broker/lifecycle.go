package broker

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/broker/wire"
)

// controlledShutdownTimeout bounds how long a broker waits for its leaderships
// to move before it stops anyway.
const controlledShutdownTimeout = 5 * time.Second

// registrationInterval is the pause between attempts to register.
const registrationInterval = 100 * time.Millisecond

// lifecycle is this broker's life as the controller sees it: registered under a
// new incarnation, kept alive by heartbeats, shut down in order (KIP-631).
type lifecycle struct {
	incarnation [16]byte
	// cleanStart says that the last life ended in order, so logs need no scan;
	// previousEpoch was its broker epoch.
	cleanStart    bool
	previousEpoch model.BrokerEpoch

	// epoch of the registration, NoBrokerEpoch until it has been applied here.
	epoch  model.BrokerEpoch
	fenced bool
	// stopping is set once a shutdown was asked for.
	stopping bool
}

func (l *lifecycle) registered() bool { return l.epoch != model.NoBrokerEpoch }

// cleanMarker says that a broker stopped in order.
type cleanMarker struct {
	Version     int               `json:"version"`
	BrokerEpoch model.BrokerEpoch `json:"brokerEpoch"`
}

func markerPath(cfg Config) string { return path.Join(cfg.LogDir, ".kafka_cleanshutdown") }

// LeftInOrder tells whether the last life of a broker that has ended vouches for its
// logs. One that ended before it was registered may have opened none.
func LeftInOrder(cfg Config) (bool, error) { return cfg.FS.Exists(markerPath(cfg)) }

// openLifecycle reads the clean-shutdown marker and removes it at once: a crash
// during the start that follows must count as unclean (KAFKA-10471).
func openLifecycle(cfg Config, draw *rand.Rand) (lifecycle, error) {
	l := lifecycle{previousEpoch: model.NoBrokerEpoch, epoch: model.NoBrokerEpoch, fenced: true}
	for i := range l.incarnation {
		l.incarnation[i] = byte(draw.Uint32())
	}
	data, found, err := storage.ReadFile(cfg.FS, markerPath(cfg))
	if err != nil || !found {
		return l, err
	}
	var marker cleanMarker
	if json.Unmarshal(data, &marker) == nil {
		l.cleanStart, l.previousEpoch = true, marker.BrokerEpoch
	}
	if cfg.Mutants.Has(mutant.CleanMarkerKept) {
		return l, nil
	}
	if err := cfg.FS.Remove(markerPath(cfg)); err != nil {
		return l, err
	}
	return l, cfg.FS.SyncDir(cfg.LogDir)
}

// startTimers sets everything going that happens at intervals.
func (c *Core) startTimers() {
	c.timers.schedule(c.now.Mono, c.register)
	c.every(c.cfg.HeartbeatInterval, c.heartbeat)
	c.every(c.cfg.ReplicaLagMax/2, c.checkFollowers)
	c.every(c.cfg.HWCheckpointInterval, c.checkpointWatermarks)
	c.every(cmp.Or(c.cfg.RecoveryCheckpointInterval, recoveryCheckpointInterval), c.checkpointRecovery)
	c.every(c.cfg.RetentionInterval, c.enforceRetention)
	if c.cfg.Flush == FlushInterval {
		c.every(c.cfg.FlushInterval, c.flushAll)
	}
}

// every runs a task at once and then at intervals.
func (c *Core) every(interval time.Duration, task func()) {
	var run func()
	run = func() {
		task()
		c.timers.schedule(c.now.Mono+interval, run)
	}
	c.timers.schedule(c.now.Mono, run)
}

// register asks the controller for this life's registration, again and again
// until it shows in the metadata: the first attempts may find no controller yet,
// or the session of the life before.
func (c *Core) register() {
	if c.lifecycle.registered() || c.lifecycle.stopping {
		return
	}
	c.timers.schedule(c.now.Mono+registrationInterval, c.register)
	req := kmsg.NewPtrBrokerRegistrationRequest()
	req.Version = 3
	req.BrokerID = int32(c.cfg.NodeID)
	req.ClusterID = c.cfg.ClusterID
	req.IncarnationID = c.lifecycle.incarnation
	req.PreviousBrokerEpoch = int64(c.lifecycle.previousEpoch)
	if b := c.Image().Brokers[c.cfg.NodeID]; b != nil {
		wire.SetReplaced(req, b.Epoch)
	}
	if c.cfg.Rack != "" {
		req.Rack = &c.cfg.Rack
	}
	for _, l := range c.cfg.Advertised {
		listener := kmsg.NewBrokerRegistrationRequestListener()
		listener.Name, listener.Host, listener.Port = l.Name, l.Host, uint16(l.Port)
		req.Listeners = append(req.Listeners, listener)
	}
	c.askController(req, func(resp kmsg.Response, err error) {
		if err != nil {
			return // the next attempt is on its way
		}
		// Success shows in the metadata, matched by the incarnation; the answer
		// itself may belong to an earlier attempt.
		code := model.ErrorCode(resp.(*kmsg.BrokerRegistrationResponse).ErrorCode)
		if code == model.InconsistentClusterID {
			c.fail(fmt.Errorf("cluster.id %q is not the controller's", c.cfg.ClusterID))
		}
	})
}

// noteRegistration sees this life's registration arrive in the metadata.
func (c *Core) noteRegistration() {
	if c.lifecycle.registered() {
		return
	}
	b := c.Image().Brokers[c.cfg.NodeID]
	if b == nil || b.Incarnation != c.lifecycle.incarnation && !c.cfg.Mutants.Has(mutant.RegistrationUnmatched) {
		return
	}
	c.lifecycle.epoch = b.Epoch
	c.trace("registered broker_epoch=%d clean_start=%t", b.Epoch, c.lifecycle.cleanStart)
	c.applyAll()
	c.heartbeat()
}

func (c *Core) heartbeat() {
	if !c.lifecycle.registered() {
		return
	}
	req := kmsg.NewPtrBrokerHeartbeatRequest()
	req.BrokerID = int32(c.cfg.NodeID)
	req.BrokerEpoch = int64(c.lifecycle.epoch)
	req.CurrentMetadataOffset = int64(c.Image().Index)
	req.WantShutdown = c.lifecycle.stopping
	c.askController(req, func(resp kmsg.Response, err error) {
		if err != nil {
			return
		}
		answer := resp.(*kmsg.BrokerHeartbeatResponse)
		switch code := model.ErrorCode(answer.ErrorCode); code {
		case model.None:
			c.setFenced(answer.IsFenced)
			if answer.ShouldShutdown {
				c.finishShutdown()
			}
		case model.StaleBrokerEpoch:
			c.fail(fmt.Errorf("node.id %d: another process has registered under it", c.cfg.NodeID))
		}
	})
}

func (c *Core) setFenced(fenced bool) {
	if c.lifecycle.fenced != fenced {
		c.lifecycle.fenced = fenced
		c.trace("fenced=%t broker_epoch=%d", fenced, c.lifecycle.epoch)
	}
}

// startShutdown asks the controller to move the leaderships away first.
func (c *Core) startShutdown() {
	if c.lifecycle.stopping {
		return
	}
	c.lifecycle.stopping = true
	if !c.lifecycle.registered() {
		c.finishShutdown()
		return
	}
	c.timers.schedule(c.now.Mono+controlledShutdownTimeout, c.finishShutdown)
	c.heartbeat()
}

// finishShutdown flushes everything and leaves the marker that says so, last.
func (c *Core) finishShutdown() {
	if c.exited {
		return
	}
	c.exit(c.closeAll())
}

func (c *Core) closeAll() error {
	c.checkpointWatermarks()
	for _, h := range c.partitions.sorted {
		if err := h.replica.Log().Close(!c.cfg.Mutants.Has(mutant.CleanMarkerUnflushed)); err != nil {
			return fmt.Errorf("partition %s: %w", h.tp, err)
		}
	}
	if err := c.controller.Close(); err != nil {
		return err
	}
	if c.failure != nil {
		return c.failure
	}
	epoch := c.lifecycle.epoch
	if !c.lifecycle.registered() {
		// This life has opened no log: they are as clean as the last one left
		// them, and under its epoch.
		if !c.lifecycle.cleanStart {
			return nil
		}
		epoch = c.lifecycle.previousEpoch
	}
	marker, err := json.Marshal(cleanMarker{BrokerEpoch: epoch})
	if err != nil {
		return err
	}
	return storage.WriteFileAtomic(c.cfg.FS, markerPath(c.cfg), marker, true)
}
