package broker

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

// randomClient writes to whoever thinks it leads and remembers what was acked:
// with a plain producer that never tries again, and with an idempotent one for
// each partition that tries again until it is told yes.
type randomClient struct {
	w         *world
	draw      *rand.Rand
	sent      int
	acked     map[string]ack
	producers []*idempotent
}

// ack is where a value was said to be.
type ack struct {
	partition int32
	offset    int64
}

// idempotent is a producer with up to three batches in flight, in order.
type idempotent struct {
	partition int32
	values    []string // by sequence
	done      []bool
	// attempt numbers the sends; an answer to an older one still counts, but does
	// not set off the next.
	attempt, open int
	sentAt        time.Duration
	failed        bool
}

const (
	inFlight       = 3
	requestTimeout = 1500 * time.Millisecond
)

func newRandomClient(w *world, partitions int, seed uint64) *randomClient {
	c := &randomClient{w: w, draw: rand.New(rand.NewPCG(seed, 1)), acked: map[string]ack{}}
	for p := range partitions {
		c.producers = append(c.producers, &idempotent{partition: int32(p), failed: true})
	}
	return c
}

// write lets a plain producer send one value, and the others go on.
func (c *randomClient) write() {
	c.sent++
	value := fmt.Sprintf("v%d", c.sent)
	partition := int32(c.draw.IntN(len(c.producers)))
	plain := storage.BatchOptions{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}
	if leader, ok := c.leader(partition); ok {
		c.send(leader, partition, value, plain, func(model.ErrorCode) {})
	}
	for _, p := range c.producers {
		if c.draw.IntN(2) == 0 {
			p.values, p.done = append(p.values, fmt.Sprintf("p%d.%d", p.partition, len(p.values))), append(p.done, false)
		}
		c.advance(p)
	}
}

// advance sends the first batches that are not acked, if nothing is under way.
func (c *randomClient) advance(p *idempotent) {
	first := 0
	for first < len(p.done) && p.done[first] {
		first++
	}
	late := c.w.now-p.sentAt > requestTimeout
	if first == len(p.done) || p.open > 0 && !p.failed && !late {
		return
	}
	leader, ok := c.leader(p.partition)
	if !ok {
		return
	}
	p.attempt++
	attempt := p.attempt
	p.sentAt, p.failed = c.w.now, false
	last := min(first+inFlight, len(p.values))
	p.open = last - first
	for seq := first; seq < last; seq++ {
		opts := storage.BatchOptions{ProducerID: int64(100 + p.partition), BaseSequence: int32(seq)}
		c.send(leader, p.partition, p.values[seq], opts, func(code model.ErrorCode) {
			p.done[seq] = p.done[seq] || code == model.None
			if attempt == p.attempt {
				p.open--
				p.failed = p.failed || code != model.None
			}
		})
	}
}

// leader is one of those who think that they lead.
func (c *randomClient) leader(partition int32) (model.NodeID, bool) {
	var leaders []model.NodeID
	for _, id := range c.w.order {
		if n := c.w.nodes[id]; n.core != nil {
			h := n.core.partitions.byName[model.TopicPartition{Topic: "t", Partition: partition}]
			if h != nil && h.replica.IsLeader() {
				leaders = append(leaders, id)
			}
		}
	}
	if len(leaders) == 0 {
		return model.NoNode, false
	}
	return leaders[c.draw.IntN(len(leaders))], true
}

func (c *randomClient) send(to model.NodeID, partition int32, value string, opts storage.BatchOptions, done func(model.ErrorCode)) {
	req := produceRequest([][]byte{[]byte(value)}, "all", opts)
	req.Topics[0].Partitions[0].Partition = partition
	c.w.call(to, "OUTSIDE", recode(req, req.AppendTo(nil)), func(r kmsg.Response, dropped bool) {
		if dropped {
			done(model.UnknownServerError)
			return
		}
		p := r.(*kmsg.ProduceResponse).Topics[0].Partitions[0]
		if p.ErrorCode == 0 {
			c.acked[value] = ack{partition, p.BaseOffset}
		}
		done(model.ErrorCode(p.ErrorCode))
	})
}

// finish lets the idempotent producers end what they have begun.
func (c *randomClient) finish(limit time.Duration) string {
	for end := c.w.now + limit; c.w.now < end; c.w.run(100 * time.Millisecond) {
		left := 0
		for _, p := range c.producers {
			c.advance(p)
			for _, done := range p.done {
				if !done {
					left++
				}
			}
		}
		if left == 0 {
			return ""
		}
	}
	return "a producer cannot finish"
}

// verify looks for every acked value at its offset, and for the values of the
// idempotent producer in order, each once.
func (c *randomClient) verify(partition int32, log []string) string {
	for value, at := range c.acked {
		if at.partition != partition {
			continue
		}
		if at.offset >= int64(len(log)) || log[at.offset] != fmt.Sprintf("%d=%s", at.offset, value) {
			return fmt.Sprintf("acked value %s is not at offset %d of partition %d", value, at.offset, partition)
		}
	}
	var got []string
	for _, record := range log {
		if _, value, _ := strings.Cut(record, "="); strings.HasPrefix(value, "p") {
			got = append(got, value)
		}
	}
	if want := c.producers[partition].values; fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Sprintf("idempotent producer of partition %d sent\n%v, the log holds\n%v", partition, want, got)
	}
	return ""
}
