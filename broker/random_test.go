package broker

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

// seeds is how many random schedules a test runs; ACKPROOF_SEEDS overrides it.
func seeds(t *testing.T, usual int) uint64 {
	text := os.Getenv("ACKPROOF_SEEDS")
	if text == "" {
		return uint64(usual)
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return uint64(n)
}

// TestNothingAckedIsLostUnderRandomFaults kills, cuts and pauses links at random
// while writes with acks=all and min.insync.replicas=2 go on, and reads every
// replica afterwards.
func TestNothingAckedIsLostUnderRandomFaults(t *testing.T) {
	acked := 0
	for seed := uint64(1); seed <= seeds(t, 60); seed++ {
		n, problem := randomRun(t, seed, worldOptions{nodes: 3, minISR: 2})
		require.Empty(t, problem, "seed %d", seed)
		acked += n
	}
	require.Greater(t, acked, 1000, "runs that ack nothing prove nothing")
}

// TestNothingFlushedIsLostUnderPowerLoss adds power losses, of all brokers at
// once too, under flush.policy=before-ack.
func TestNothingFlushedIsLostUnderPowerLoss(t *testing.T) {
	for seed := uint64(1); seed <= seeds(t, 30); seed++ {
		_, problem := randomRun(t, seed, worldOptions{nodes: 3, minISR: 2, flush: FlushBeforeAck})
		require.Empty(t, problem, "seed %d", seed)
	}
}

// TestRandomFaultsCatchMutant14 is the planted bug that the test above must see.
func TestRandomFaultsCatchMutant14(t *testing.T) {
	for seed := uint64(1); seed <= 60; seed++ {
		_, problem := randomRun(t, seed, worldOptions{nodes: 3, minISR: 2, mutants: mutant.Set{mutant.AckOnAppend: true}})
		if problem != "" {
			t.Logf("caught by seed %d: %s", seed, problem)
			return
		}
	}
	t.Fatal("60 random schedules did not see that acks=all answers too early")
}

// randomRun draws faults and writes from a seed, heals, and tells what was
// acked and what is wrong.
func randomRun(t *testing.T, seed uint64, o worldOptions) (int, string) {
	fixRaftJitter(t, seed)
	w := newWorld(o)
	s := &script{t: t, w: w}
	if ready := s.awaitUnfenced(o.nodes); len(w.exits) > 0 {
		return 0, ready
	}
	if code := s.createTopic([]int32{1, 2, 3}); code != model.None {
		return 0, "create topic: " + code.String()
	}
	w.run(300 * time.Millisecond)
	c := &randomClient{w: w, draw: rand.New(rand.NewPCG(seed, 1)), acked: map[string]int64{}}
	faults := rand.New(rand.NewPCG(seed, 2))
	for range 60 {
		c.hurt(faults, o)
		for range 3 {
			c.write()
			w.run(time.Duration(faults.IntN(80)) * time.Millisecond)
		}
	}
	c.healAll()
	for id, err := range w.exits {
		return 0, fmt.Sprintf("node %d stopped: %v", id, err)
	}
	return len(c.acked), c.verify(t)
}

// randomClient writes unique values with an idempotent producer per value batch
// and remembers what was acked.
type randomClient struct {
	w     *world
	draw  *rand.Rand
	sent  int
	acked map[string]int64
}

// write sends a value to whoever thinks it leads, if anybody does.
func (c *randomClient) write() {
	var leaders []model.NodeID
	for _, id := range c.w.order {
		if n := c.w.nodes[id]; n.core != nil {
			for _, p := range n.core.Status().Partitions {
				if p.IsLeader {
					leaders = append(leaders, id)
				}
			}
		}
	}
	if len(leaders) == 0 {
		return
	}
	c.sent++
	value := fmt.Sprintf("v%d", c.sent)
	opts := storage.BatchOptions{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}
	req := produceRequest([][]byte{[]byte(value)}, "all", opts)
	c.w.call(leaders[c.draw.IntN(len(leaders))], "OUTSIDE", recode(req, req.AppendTo(nil)), func(r kmsg.Response, dropped bool) {
		if dropped {
			return
		}
		if p := r.(*kmsg.ProduceResponse).Topics[0].Partitions[0]; p.ErrorCode == 0 {
			c.acked[value] = p.BaseOffset
		}
	})
}

func (c *randomClient) hurt(draw *rand.Rand, o worldOptions) {
	w := c.w
	id, other := w.order[draw.IntN(len(w.order))], w.order[draw.IntN(len(w.order))]
	switch draw.IntN(9) {
	case 0:
		w.kill(id)
	case 1:
		if o.flush == FlushBeforeAck {
			w.kill(id)
			w.nodes[id].fs.Crash()
		}
	case 2:
		if o.flush == FlushBeforeAck && draw.IntN(4) == 0 {
			for _, id := range w.order {
				w.kill(id)
				w.nodes[id].fs.Crash()
			}
		}
	case 3, 4:
		if w.nodes[id].core == nil {
			w.boot(id)
		}
	case 5:
		w.net.cut[[2]model.NodeID{id, other}] = true
	case 6:
		for _, other := range w.order {
			if other != id {
				w.net.cut[[2]model.NodeID{id, other}], w.net.cut[[2]model.NodeID{other, id}] = true, true
			}
		}
	case 7:
		w.heal()
	}
}

func (c *randomClient) healAll() {
	c.w.heal()
	for _, id := range c.w.order {
		if c.w.nodes[id].core == nil {
			c.w.boot(id)
		}
	}
	c.w.run(15 * time.Second)
}

// verify compares all replicas and looks for every acked value at its offset.
func (c *randomClient) verify(t *testing.T) string {
	var first []string
	for i, id := range c.w.order {
		tp := model.TopicPartition{Topic: "t"}
		h := c.w.nodes[id].core.partitions.byName[tp]
		if h == nil {
			return fmt.Sprintf("node %d does not hold %s", id, tp)
		}
		log := h.replica.Log()
		if h.replica.HighWatermark() != log.EndOffset() || len(h.replica.State().ISR) != 3 {
			return "not recovered after heal:\n" + c.w.status()
		}
		var all []string
		for from := log.StartOffset(); from < log.EndOffset(); {
			records, err := log.Read(from, 1<<20, log.EndOffset(), true)
			require.NoError(t, err)
			all = append(all, valuesIn(t, records)...)
			from = model.Offset(len(all))
		}
		if i == 0 {
			first = all
		} else if fmt.Sprint(all) != fmt.Sprint(first) {
			return fmt.Sprintf("replicas differ:\n%v\n%v", first, all)
		}
	}
	for value, offset := range c.acked {
		if offset >= int64(len(first)) || first[offset] != fmt.Sprintf("%d=%s", offset, value) {
			return fmt.Sprintf("acked value %s is not at offset %d", value, offset)
		}
	}
	return ""
}
