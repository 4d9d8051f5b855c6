package broker

import (
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/partition"
)

// fetchers copy from the leaders: one fetch in flight per leader, for all the
// partitions that follow it.
type fetchers struct {
	byLeader []*fetcher
	// stale is set when what there is to fetch may have changed.
	stale bool
}

type fetcher struct {
	leader   model.NodeID
	inFlight bool
}

func newFetchers(voters []model.NodeID, self model.NodeID) fetchers {
	var f fetchers
	for _, id := range voters {
		if id != self {
			f.byLeader = append(f.byLeader, &fetcher{leader: id})
		}
	}
	return f
}

// asked is a partition in a fetch, and where the follower stood then.
type asked struct {
	held *held
	from partition.Position
}

// pumpFetchers sends the next fetch to each leader that has none in flight.
func (c *Core) pumpFetchers() {
	if !c.fetchers.stale || c.failure != nil {
		return
	}
	c.fetchers.stale = false
	for _, f := range c.fetchers.byLeader {
		if !f.inFlight {
			c.fetchFrom(f)
		}
	}
}

// fetchFrom waits for a flush that holds one of the partitions back. A fetch of the others
// alone may find nothing and be held for as long as a fetch may be, and the one that
// was flushed meanwhile would have to wait for that.
func (c *Core) fetchFrom(f *fetcher) {
	var want []asked
	for _, h := range c.partitions.sorted {
		if h.replica.FlushesWhatItHasOf(f.leader) {
			return
		}
		from, ok := h.replica.Position()
		if ok && from.Leader == f.leader && !h.backingOff && !h.lookingUp {
			want = append(want, asked{held: h, from: from})
		}
	}
	if len(want) == 0 {
		return
	}
	f.inFlight = true
	wait := c.cfg.ReplicaFetchWaitMax
	c.send(f.leader, FetchLane, wait+c.cfg.PeerTimeout, c.fetchRequest(want), func(resp kmsg.Response, err error) {
		f.inFlight = false
		c.fetchers.stale = true
		if err != nil {
			c.backOffAll(want)
			return
		}
		c.replicate(want, resp.(*kmsg.FetchResponse))
	})
}

// fetchRequest asks for all partitions in one request, by topic id and with the
// broker's epoch (v15, KIP-903).
func (c *Core) fetchRequest(want []asked) *kmsg.FetchRequest {
	req := kmsg.NewPtrFetchRequest()
	req.Version = 15
	req.ReplicaState.ID = int32(c.cfg.NodeID)
	req.ReplicaState.Epoch = int64(c.lifecycle.epoch)
	req.MaxWaitMillis = int32(c.cfg.ReplicaFetchWaitMax / time.Millisecond)
	req.MinBytes = 1
	req.MaxBytes = c.cfg.ReplicaFetchMaxBytes
	for _, a := range want {
		last := len(req.Topics) - 1
		if last < 0 || model.TopicID(req.Topics[last].TopicID) != a.held.topicID {
			topic := kmsg.NewFetchRequestTopic()
			topic.TopicID = a.held.topicID
			req.Topics = append(req.Topics, topic)
			last++
		}
		p := kmsg.NewFetchRequestTopicPartition()
		p.Partition = a.held.tp.Partition
		p.CurrentLeaderEpoch = int32(a.from.LeaderEpoch)
		p.FetchOffset = int64(a.from.Offset)
		p.LastFetchedEpoch = int32(a.from.LastFetchedEpoch)
		p.LogStartOffset = int64(a.from.LogStart)
		p.PartitionMaxBytes = c.cfg.ReplicaFetchMaxBytes
		req.Topics[last].Partitions = append(req.Topics[last].Partitions, p)
	}
	return req
}

// replicate takes a leader's answer; its partitions come in the order asked. What
// was not answered in its place waits a little, as after an error.
func (c *Core) replicate(want []asked, resp *kmsg.FetchResponse) {
	for i := range resp.Topics {
		topic := &resp.Topics[i]
		for j := range topic.Partitions {
			p := &topic.Partitions[j]
			if len(want) == 0 || want[0].held.topicID != topic.TopicID || want[0].held.tp.Partition != p.Partition {
				c.trace("fetch answer does not match the request topic=%s partition=%d", model.TopicID(topic.TopicID), p.Partition)
				c.backOffAll(want)
				return
			}
			c.replicateOne(want[0], p)
			want = want[1:]
		}
	}
	c.backOffAll(want)
}

func (c *Core) replicateOne(a asked, p *kmsg.FetchResponseTopicPartition) {
	h := a.held
	if c.partitions.byName[h.tp] != h {
		return // deleted meanwhile
	}
	answer := partition.Fetched{
		Code:     model.ErrorCode(p.ErrorCode),
		Records:  p.RecordBatches,
		HW:       model.Offset(p.HighWatermark),
		LogStart: model.Offset(p.LogStartOffset),
	}
	if p.DivergingEpoch.Epoch >= 0 || p.DivergingEpoch.EndOffset >= 0 {
		answer.Diverging = &partition.EpochEnd{
			Epoch: model.Epoch(p.DivergingEpoch.Epoch), End: model.Offset(p.DivergingEpoch.EndOffset)}
	}
	next, err := h.replica.Replicate(a.from, answer)
	c.goOn(a, next, err)
}

// goOn does what a replica wants done after an answer.
func (c *Core) goOn(a asked, next partition.Next, err error) {
	c.touch(a.held)
	switch {
	case !c.tolerate(err):
	case err != nil || next == partition.BackOff:
		c.backOff(a.held)
	case next == partition.LookUpBounds:
		c.lookUpBounds(a)
	}
}

// tolerate tells whether to go on after an error: a leader that broke the
// protocol is worth another try, a failed disk is not.
func (c *Core) tolerate(err error) bool {
	var broken *partition.ProtocolError
	if errors.As(err, &broken) {
		c.trace("fetch answer refused err=%q", err)
		return true
	}
	c.fail(err)
	return err == nil
}

func (c *Core) backOffAll(unanswered []asked) {
	for _, a := range unanswered {
		c.backOff(a.held)
	}
}

func (c *Core) backOff(h *held) {
	if h.backingOff {
		return
	}
	h.backingOff = true
	c.timers.schedule(c.now.Mono+c.cfg.ReplicaFetchBackoff, func() {
		h.backingOff = false
		c.fetchers.stale = true
	})
}

// lookUpBounds asks the leader where its log starts and ends, after it said
// that our position is outside.
func (c *Core) lookUpBounds(a asked) {
	a.held.lookingUp = true
	req := kmsg.NewPtrListOffsetsRequest()
	req.Version = 6
	req.ReplicaID = int32(c.cfg.NodeID)
	topic := kmsg.NewListOffsetsRequestTopic()
	topic.Topic = a.held.tp.Topic
	for _, timestamp := range []int64{partition.EarliestOffset, partition.LatestOffset} {
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition = a.held.tp.Partition
		p.CurrentLeaderEpoch = int32(a.from.LeaderEpoch)
		p.Timestamp = timestamp
		topic.Partitions = append(topic.Partitions, p)
	}
	req.Topics = append(req.Topics, topic)
	c.send(a.from.Leader, ControlLane, c.cfg.PeerTimeout, req, func(resp kmsg.Response, err error) {
		a.held.lookingUp = false
		c.fetchers.stale = true
		if c.partitions.byName[a.held.tp] != a.held {
			return
		}
		start, end, ok := bounds(resp, err)
		if !ok {
			c.backOff(a.held)
			return
		}
		next, err := a.held.replica.Rebase(a.from, start, end)
		c.goOn(a, next, err)
	})
}

func bounds(resp kmsg.Response, err error) (start, end model.Offset, ok bool) {
	if err != nil {
		return 0, 0, false
	}
	topics := resp.(*kmsg.ListOffsetsResponse).Topics
	if len(topics) != 1 || len(topics[0].Partitions) != 2 {
		return 0, 0, false
	}
	earliest, latest := topics[0].Partitions[0], topics[0].Partitions[1]
	if earliest.ErrorCode != 0 || latest.ErrorCode != 0 {
		return 0, 0, false
	}
	return model.Offset(earliest.Offset), model.Offset(latest.Offset), true
}
