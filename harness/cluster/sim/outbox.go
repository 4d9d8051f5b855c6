package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/workloads"
)

// outbox is a producer's records for one partition, in order. It is a machine
// that is pumped whenever something changed.
type outbox struct {
	*producer
	at     place
	next   int // whom to ask for metadata and producer ids
	closed bool

	queue   []*record // in no batch yet
	batches []*batch  // sent at least once and not done, in order
	flying  int       // of batches, those whose answer is awaited

	leader  model.NodeID
	id      int64 // of the producer; 0 if there is none
	epoch   int16 // of the producer
	nextSeq int32
	waits   int  // questions and pauses under way
	failed  bool // since a batch failed nothing is sent until no other is in flight
}

// batch is records that are sent together, again and again if need be.
type batch struct {
	records []*record
	first   int32 // sequence
	flying  bool
}

func newOutbox(p *producer, at place) *outbox {
	return &outbox{producer: p, at: at, leader: model.NoNode}
}

func (o *outbox) add(r *record) {
	o.queue = append(o.queue, r)
	o.pump()
}

// pump does what is next. After a failure it first lets every other batch come
// back, and then sends again in order: else a later one could overtake.
func (o *outbox) pump() {
	if o.closed || o.waits > 0 || len(o.queue)+len(o.batches) == 0 || o.failed && o.flying > 0 {
		return
	}
	o.failed = false
	o.expire()
	switch {
	case o.leader == model.NoNode:
		o.ask(metadata(o.at.topic), func(from *node, resp kmsg.Response) bool {
			leader, _ := leaderIn(resp, o.at)
			if o.at.id == (model.TopicID{}) || leader == from.id { // see tenant
				o.leader = leader
			}
			return o.leader != model.NoNode
		})
		return
	case o.idempotent && o.id == 0:
		o.ask(initProducerID(), func(_ *node, resp kmsg.Response) bool {
			got := resp.(*kmsg.InitProducerIDResponse)
			if got.ErrorCode != 0 {
				return false
			}
			o.id, o.epoch, o.nextSeq = got.ProducerID, got.ProducerEpoch, 0
			return true
		})
		return
	}
	for _, b := range o.batches {
		if !b.flying && o.flying < inFlight {
			o.fly(b)
		}
	}
	if len(o.queue) > 0 && o.flying < inFlight && len(o.batches) < inFlight {
		b := &batch{records: o.queue, first: o.nextSeq}
		o.nextSeq += int32(len(o.queue))
		o.queue = nil
		o.batches = append(o.batches, b)
		o.fly(b)
	}
}

// ask asks a broker, each time another one. If the answer is of no use, it
// pauses before it is pumped again.
func (o *outbox) ask(req kmsg.Request, useful func(*node, kmsg.Response) bool) {
	o.waits++
	r := o.remotes[o.next%len(o.remotes)]
	o.next++
	r.send(req, requestTimeout, func(resp kmsg.Response, err error) {
		o.waits--
		if err != nil || !useful(r.node, resp) {
			o.pause()
		}
		o.pump()
	})
}

func (o *outbox) pause() {
	o.waits++
	o.sim.after(o.patience.retry(), func() {
		o.waits--
		o.pump()
	})
}

func initProducerID() *kmsg.InitProducerIDRequest {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID = nil
	return req
}

// fly sends a batch.
func (o *outbox) fly(b *batch) {
	values := make([][]byte, len(b.records))
	for i, r := range b.records {
		values[i] = client.EncodeValue(r.value)
	}
	options := storage.BatchOptions{Timestamp: o.sim.Now().UnixMilli()}
	if o.idempotent {
		options.ProducerID, options.ProducerEpoch, options.BaseSequence = o.id, o.epoch, b.first
	}
	p := kmsg.NewProduceRequestTopicPartition()
	p.Partition, p.Records = o.at.partition, storage.BuildBatch(values, options)
	t := kmsg.NewProduceRequestTopic()
	t.Topic, t.Partitions = o.at.topic, append(t.Partitions, p)
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = o.acks, int32(produceTimeout.Milliseconds())
	req.Topics = append(req.Topics, t)

	b.flying = true
	o.flying++
	o.remotes[o.leader-1].send(req, requestTimeout+produceTimeout, func(resp kmsg.Response, err error) { o.landed(b, resp, err) })
	if o.acks == 0 { // no answer will come
		b.flying = false
		o.flying--
		o.settle(b, workloads.NoOffset, 0, nil)
	}
}

// landed takes the outcome of a batch.
func (o *outbox) landed(b *batch, resp kmsg.Response, err error) {
	b.flying = false
	o.flying--
	defer o.pump()
	if !slices.Contains(o.batches, b) {
		return // given up
	}
	if err == nil {
		answer := resp.(*kmsg.ProduceResponse).Topics[0].Partitions[0]
		if answer.ErrorCode == 0 {
			o.settle(b, answer.BaseOffset, 1, nil)
			return
		}
		err = kerr.ErrorForCode(answer.ErrorCode)
		// A batch behind one that failed is out of order until that one is there.
		behind := errors.Is(err, kerr.OutOfOrderSequenceNumber) && o.batches[0] != b
		if !kerr.IsRetriable(err) && !behind {
			o.giveUp(err)
			return
		}
	}
	o.failed = true
	o.leader = model.NoNode
	o.pause()
}

// settle ends a batch: its records are at base and, step by step, above.
func (o *outbox) settle(b *batch, base, step int64, err error) {
	for i, other := range o.batches {
		if other == b {
			o.batches = append(o.batches[:i:i], o.batches[i+1:]...)
			break
		}
	}
	for i, r := range b.records {
		r.end(base+int64(i)*step, err)
	}
}

// errExpired ends a record that was tried for too long.
var errExpired = fmt.Errorf("not delivered: %w", errTimeout)

// expire gives up if the oldest record was tried for too long.
func (o *outbox) expire() {
	late := o.sim.now - o.patience.delivery()
	if len(o.batches) > 0 && o.batches[0].records[0].sent <= late {
		o.giveUp(errExpired)
		o.leader = model.NoNode // who did not take them in time may lead no more
	}
	for len(o.queue) > 0 && o.queue[0].sent <= late {
		o.queue[0].end(0, errExpired)
		o.queue = o.queue[1:]
	}
}

// giveUp ends all that was sent, and with it the sequence, since a gap in it could
// not be told from a loss. What follows begins a new one in the producer's next
// epoch: copies of what was given up may still be on their way, and once something
// newer is in the log they are fenced (KIP-360).
func (o *outbox) giveUp(err error) {
	for _, b := range o.batches {
		for _, r := range b.records {
			r.end(0, err)
		}
	}
	o.batches, o.nextSeq = nil, 0
	if o.epoch++; o.epoch == math.MaxInt16 {
		o.id = 0
	}
}
