package broker

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// ordeal is what a random run puts a cluster through.
type ordeal struct {
	worldOptions
	replicas, partitions int
	// powerLoss crashes brokers, all at once too.
	powerLoss bool
	// delays holds requests and answers back for up to 1.5 s, beyond their
	// timeouts and past each other.
	delays bool
}

// ordeals by what each of them is for. Nothing acked may be lost in any.
var ordeals = map[string]struct {
	ordeal
	seeds int
}{
	"faults":     {ordeal{worldOptions{nodes: 3, minISR: 2}, 3, 1, false, false}, 40},
	"delays":     {ordeal{worldOptions{nodes: 3, minISR: 2}, 3, 2, false, true}, 25},
	"partitions": {ordeal{worldOptions{nodes: 5, minISR: 2}, 3, 4, false, true}, 15},
	"min-isr-1":  {ordeal{worldOptions{nodes: 3, minISR: 1}, 3, 1, false, true}, 20},
	"power-loss": {ordeal{worldOptions{nodes: 3, minISR: 2, flush: FlushBeforeAck}, 3, 2, true, true}, 20},
}

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

// TestNothingAckedIsLost kills, cuts, pauses and moves leaderships at random while
// idempotent and plain producers write with acks=all, and reads every replica
// afterwards. To run one seed again: -run 'TestNothingAckedIsLost/delays/7$'.
func TestNothingAckedIsLost(t *testing.T) {
	for _, name := range sortedKeys(ordeals) {
		o := ordeals[name]
		t.Run(name, func(t *testing.T) {
			acked := 0
			for seed := uint64(1); seed <= seeds(t, o.seeds); seed++ {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					n, problem := o.run(t, seed)
					require.Empty(t, problem)
					acked += n
				})
			}
			if !strings.Contains(name, "power") {
				require.Greater(t, acked, 10*o.seeds/2, "runs that ack nothing prove nothing")
			}
		})
	}
}

// TestRandomFaultsCatchMutant14 is the planted bug that the test above must see,
// by what clients were told alone. Mutant 21 takes a lost disk besides, which no
// random run may blame on the broker: testdata/21_min_isr_holds_a_write_back has it.
func TestRandomFaultsCatchMutant14(t *testing.T) {
	o := ordeals["faults"].ordeal
	o.mutants = mutant.Set{mutant.AckOnAppend: true}
	for seed := uint64(1); seed <= 60; seed++ {
		if _, problem := o.run(t, seed); problem != "" {
			t.Logf("caught by seed %d: %s", seed, problem)
			return
		}
	}
	t.Fatal("60 random schedules did not see that acks=all answers too early")
}

// run draws faults and writes from a seed, heals, and tells how many writes were
// acked and what is wrong.
func (o ordeal) run(t *testing.T, seed uint64) (int, string) {
	fixRaftJitter(t, seed)
	w := newWorld(o.worldOptions)
	s := &script{t: t, w: w}
	if ready := s.awaitUnfenced(o.nodes); len(w.exits) > 0 {
		return 0, ready
	}
	if code := s.createTopic(o.assignment()...); code != model.None {
		return 0, "create topic: " + code.String()
	}
	w.run(300 * time.Millisecond)
	c := newRandomClient(w, o.partitions, seed)
	faults := rand.New(rand.NewPCG(seed, 2))
	if o.delays {
		w.net.delay = rand.New(rand.NewPCG(seed, 3))
	}
	for range 60 {
		o.hurt(w, faults)
		for range 3 {
			c.write()
			w.run(time.Duration(faults.IntN(80)) * time.Millisecond)
		}
	}
	w.net.delay = nil
	o.heal(w)
	problem := c.finish(15 * time.Second)
	w.run(2 * time.Second)
	return len(c.acked), o.judge(t, w, c, problem)
}

// assignment spreads the partitions over the brokers.
func (o ordeal) assignment() [][]int32 {
	out := make([][]int32, o.partitions)
	for p := range out {
		for r := range o.replicas {
			out[p] = append(out[p], int32((p+r)%o.nodes+1))
		}
	}
	return out
}

func (o ordeal) judge(t *testing.T, w *world, c *randomClient, problem string) string {
	for id, err := range w.exits {
		if err != nil {
			return fmt.Sprintf("node %d stopped: %v", id, err)
		}
	}
	w.watch.Quiet(w.brokers())
	if problems := w.watch.Problems(); len(problems) > 0 {
		return fmt.Sprint(problems)
	}
	if problem != "" {
		return problem + "\n" + w.status()
	}
	for p := range o.partitions {
		values, problem := o.replicasAgree(t, w, int32(p))
		if problem == "" {
			problem = c.verify(int32(p), values)
		}
		if problem != "" {
			return problem
		}
	}
	return ""
}

// replicasAgree compares all replicas of a partition and gives what they hold.
func (o ordeal) replicasAgree(t *testing.T, w *world, partition int32) ([]string, string) {
	tp := model.TopicPartition{Topic: "t", Partition: partition}
	var first []string
	for r := range o.replicas {
		id := model.NodeID((int(partition)+r)%o.nodes + 1)
		h := w.nodes[id].core.partitions.byName[tp]
		if h == nil {
			return nil, fmt.Sprintf("node %d does not hold %s", id, tp)
		}
		log := h.replica.Log()
		if h.replica.HighWatermark() != log.EndOffset() || len(h.replica.State().ISR) != o.replicas {
			return nil, "not recovered after heal:\n" + w.status()
		}
		var all []string
		for from := log.StartOffset(); from < log.EndOffset(); from = model.Offset(len(all)) {
			records, err := log.Read(from, 1<<20, log.EndOffset(), true)
			require.NoError(t, err)
			all = append(all, valuesIn(t, records)...)
		}
		if r == 0 {
			first = all
		} else if fmt.Sprint(all) != fmt.Sprint(first) {
			return nil, fmt.Sprintf("replicas of %s differ:\n%v\n%v", tp, first, all)
		}
	}
	return first, ""
}
