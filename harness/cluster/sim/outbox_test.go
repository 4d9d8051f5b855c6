package sim

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/broker/wire"
	"github.com/ackproof/ackproof/harness/client"
)

// desk is a producer's outbox and the one silent broker that it talks to.
type desk struct {
	*outbox
	t       *testing.T
	cluster *Cluster
	node    *node
	read    int // of the node's calls
	nextID  int64
	records []*record
}

func newDesk(t *testing.T) *desk {
	c := silent(t, 1)
	p, err := dialer{sim: c, acks: int16(wire.AcksAll), idempotent: true}.Producer(0)
	require.NoError(t, err)
	return &desk{outbox: newOutbox(p.(*producer), place{topic: topic}), t: t, cluster: c, node: c.node(1), nextID: 1}
}

// put sends the next value.
func (d *desk) put() *record {
	r := &record{value: int64(len(d.records) + 1), sent: d.cluster.now}
	r.ended = func() {}
	d.records = append(d.records, r)
	d.add(r)
	return r
}

// arrivals are the calls that have come since the last time.
func (d *desk) arrivals() []*wire.Call {
	d.cluster.happen(10 * time.Millisecond)
	calls := d.node.calls()[d.read:]
	d.read += len(calls)
	return calls
}

// answer answers a call; one of a produce with an error, unless that is nil.
func (d *desk) answer(call *wire.Call, failure *kerr.Error) {
	resp := call.Request.ResponseKind()
	switch resp := resp.(type) {
	case *kmsg.MetadataResponse:
		p := kmsg.NewMetadataResponseTopicPartition()
		p.Leader = 1
		mt := kmsg.NewMetadataResponseTopic()
		mt.Topic, mt.Partitions = kmsg.StringPtr(topic), append(mt.Partitions, p)
		resp.Topics = append(resp.Topics, mt)
	case *kmsg.InitProducerIDResponse:
		resp.ProducerID = d.nextID
		d.nextID++
	case *kmsg.ProduceResponse:
		p := kmsg.NewProduceResponseTopicPartition()
		if failure != nil {
			p.ErrorCode = failure.Code
		}
		pt := kmsg.NewProduceResponseTopic()
		pt.Topic, pt.Partitions = topic, append(pt.Partitions, p)
		resp.Topics = append(resp.Topics, pt)
	}
	d.node.reply(broker.Reply{Call: call, Response: resp})
}

// next is the one call that comes next, of which the kind is given.
func (d *desk) next(key kmsg.Key) *wire.Call {
	calls := d.arrivals()
	require.Len(d.t, calls, 1)
	require.Equal(d.t, key.Name(), kmsg.NameForKey(calls[0].Request.Key()))
	return calls[0]
}

// serve answers the next call with success.
func (d *desk) serve(key kmsg.Key) { d.answer(d.next(key), nil) }

func batchOf(call *wire.Call) storage.Batch {
	return storage.Batch(call.Request.(*kmsg.ProduceRequest).Topics[0].Partitions[0].Records)
}

func TestAFirstRecord(t *testing.T) {
	d := newDesk(t)
	first := d.put()
	d.serve(kmsg.Metadata)
	second := d.put()
	d.serve(kmsg.InitProducerID)
	call := d.next(kmsg.Produce)
	require.Equal(t, int64(1), batchOf(call).ProducerID())
	require.Equal(t, int32(0), batchOf(call).BaseSequence())
	require.False(t, first.over)
	d.answer(call, nil)
	require.Empty(t, d.arrivals())
	require.True(t, first.over && second.over)
	require.Equal(t, []int64{0, 1}, []int64{first.offset, second.offset}, "one batch")

	d.put()
	call = d.next(kmsg.Produce)
	require.Equal(t, int32(2), batchOf(call).BaseSequence())
}

// TestGivingUpBeginsANewSequence, in the producer's next epoch.
func TestGivingUpBeginsANewSequence(t *testing.T) {
	d := newDesk(t)
	refused := d.put()
	d.serve(kmsg.Metadata)
	d.serve(kmsg.InitProducerID)
	call := d.next(kmsg.Produce)
	behind := d.put()
	late := d.next(kmsg.Produce)
	d.answer(call, kerr.MessageTooLarge)
	require.Empty(t, d.arrivals(), "nothing is left to be sent")
	require.ErrorIs(t, refused.err, kerr.MessageTooLarge)
	require.ErrorIs(t, behind.err, kerr.MessageTooLarge, "it is in the same sequence")

	next := d.put()
	d.answer(late, nil)
	call = d.next(kmsg.Produce)
	require.Equal(t, int64(1), batchOf(call).ProducerID())
	require.Equal(t, int16(1), batchOf(call).ProducerEpoch())
	require.Equal(t, int32(0), batchOf(call).BaseSequence())
	require.False(t, next.over, "an answer to what was given up is nobody's")
}

// TestAnEpochThatCannotRiseEndsTheProducerID.
func TestAnEpochThatCannotRiseEndsTheProducerID(t *testing.T) {
	d := newDesk(t)
	d.put()
	d.serve(kmsg.Metadata)
	d.serve(kmsg.InitProducerID)
	call := d.next(kmsg.Produce)
	d.epoch = math.MaxInt16 - 1
	d.answer(call, kerr.MessageTooLarge)
	require.Empty(t, d.arrivals())
	d.put()
	d.serve(kmsg.InitProducerID)
	call = d.next(kmsg.Produce)
	require.Equal(t, int64(2), batchOf(call).ProducerID())
	require.Equal(t, int16(0), batchOf(call).ProducerEpoch())
}

// TestAfterAFailureAllIsSentAgainInOrder, and nothing before the last batch that
// is on its way has come back.
func TestAfterAFailureAllIsSentAgainInOrder(t *testing.T) {
	d := newDesk(t)
	d.put()
	d.serve(kmsg.Metadata)
	d.serve(kmsg.InitProducerID)
	sent := []*wire.Call{d.next(kmsg.Produce)}
	for range inFlight - 1 {
		d.put()
		sent = append(sent, d.next(kmsg.Produce))
	}
	d.put()
	require.Empty(t, d.arrivals(), "so many are in flight at most")

	d.answer(sent[0], kerr.NotLeaderForPartition)
	d.cluster.happen(2 * retryAfter)
	require.Empty(t, d.arrivals())
	for _, call := range sent[1:] {
		d.answer(call, kerr.NotEnoughReplicas)
	}
	require.Empty(t, d.arrivals(), "it pauses first")
	d.cluster.happen(2 * retryAfter)
	d.serve(kmsg.Metadata)
	again := d.arrivals()
	require.Len(t, again, inFlight)
	for i, call := range again {
		require.Equal(t, batchOf(sent[i]).ProducerID(), batchOf(call).ProducerID())
		require.Equal(t, int32(i), batchOf(call).BaseSequence())
	}
}

// TestRecordsExpire: nobody answers, so each is given up when its time has come.
func TestRecordsExpire(t *testing.T) {
	d := newDesk(t)
	first := d.put()
	d.cluster.happen(2 * time.Second)
	second := d.put()
	d.cluster.happen(deliveryLimit - time.Second)
	require.ErrorIs(t, first.err, errTimeout)
	require.False(t, second.over)
	d.cluster.happen(deliveryLimit)
	require.ErrorIs(t, second.err, errTimeout)
}

// TestWhoGivesUpLooksForTheLeaderAnew: one that is cut off from the others never
// says that it leads no more.
func TestWhoGivesUpLooksForTheLeaderAnew(t *testing.T) {
	d := newDesk(t)
	d.patience = Patience{Delivery: 500}
	first := d.put()
	d.serve(kmsg.Metadata)
	d.serve(kmsg.InitProducerID)
	unanswered := d.next(kmsg.Produce)
	d.cluster.happen(600 * time.Millisecond)
	second := d.put()
	require.ErrorIs(t, first.err, errTimeout)
	question := d.next(kmsg.Metadata)
	d.answer(unanswered, kerr.RequestTimedOut)
	d.answer(question, nil)
	d.answer(d.next(kmsg.Produce), nil)
	d.cluster.happen(10 * time.Millisecond)
	require.True(t, second.over)
	require.NoError(t, second.err)
}

// TestPatience: a batch is sent again after a pause, and a record tried for a time.
func TestPatience(t *testing.T) {
	d := newDesk(t)
	d.patience = Patience{Retry: 400, Delivery: 700}
	r := d.put()
	d.serve(kmsg.Metadata)
	d.serve(kmsg.InitProducerID)
	d.answer(d.next(kmsg.Produce), kerr.NotLeaderForPartition)
	d.cluster.happen(350 * time.Millisecond)
	require.Empty(t, d.arrivals())
	d.cluster.happen(100 * time.Millisecond)
	d.serve(kmsg.Metadata)
	d.answer(d.next(kmsg.Produce), kerr.NotLeaderForPartition)
	d.cluster.happen(500 * time.Millisecond)
	require.ErrorIs(t, r.err, errTimeout)

	require.NoError(t, Patience{600_000, 600_000}.Validate())
	require.EqualError(t, Patience{Retry: -1}.Validate(), "clients: retry_ms is -1, allowed are 0 to 600000")
	require.EqualError(t, Patience{Delivery: 600_001}.Validate(), "clients: delivery_ms is 600001, allowed are 0 to 600000")
}

// generation is an epoch of a producer: its sequences begin anew in each.
type generation struct {
	id    int64
	epoch int16
}

// TestAnySequenceIsSentOnce: whatever brokers answer, and if they do not, a
// sequence of a producer stands for one batch, sequences have no gaps, and no two
// producer ids are asked for at once: an answer that came to a question of before
// would begin a second sequence in the midst of the first.
func TestAnySequenceIsSentOnce(t *testing.T) {
	resent, generations := 0, 0
	for seed := range uint64(60) {
		d := newDesk(t)
		draw := newDice(seed, "test")
		var open []*wire.Call
		sequences := map[generation][][]int64{} // its batches' values
		starts := map[generation][]int32{}
		for range 400 {
			if draw.IntN(4) == 0 {
				d.put()
			}
			d.cluster.happen(draw.upTo(50 * time.Millisecond))
			for _, call := range d.arrivals() {
				open = append(open, call)
				if _, ok := call.Request.(*kmsg.ProduceRequest); !ok {
					continue
				}
				b := batchOf(call)
				values := valuesIn(t, b)
				id, first := generation{b.ProducerID(), b.ProducerEpoch()}, b.BaseSequence()
				require.Less(t, id.id, d.nextID)
				if i := slices.Index(starts[id], first); i >= 0 {
					require.Equal(t, sequences[id][i], values)
					resent++
					continue
				}
				next := 0
				for _, batch := range sequences[id] {
					next += len(batch)
				}
				require.Equal(t, int32(next), first)
				starts[id], sequences[id] = append(starts[id], first), append(sequences[id], values)
			}
			require.LessOrEqual(t, d.flying, inFlight)
			require.LessOrEqual(t, d.questions(open), 1)
			for range draw.IntN(3) {
				if len(open) == 0 || draw.IntN(4) == 0 {
					break
				}
				i := draw.IntN(len(open))
				d.answer(open[i], []*kerr.Error{nil, nil, nil, kerr.NotLeaderForPartition, kerr.InvalidRecord}[draw.IntN(5)])
				open = slices.Delete(open, i, i+1)
			}
		}
		generations += len(starts)
	}
	require.Greater(t, resent, 100)
	require.Greater(t, generations, 100)
}

// questions counts the calls that ask for a producer id and may be answered.
func (d *desk) questions(open []*wire.Call) (asked int) {
	for _, call := range open {
		if c := d.node.served[call.Conn]; call.Request.Key() == int16(kmsg.InitProducerID) && c != nil && !c.over {
			asked++
		}
	}
	return asked
}

func valuesIn(t *testing.T, b storage.Batch) []int64 {
	records, err := client.DecodeBatches(b)
	require.NoError(t, err)
	var values []int64
	for _, r := range records {
		values = append(values, r.Value)
	}
	return values
}
