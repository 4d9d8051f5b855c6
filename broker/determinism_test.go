package broker

import (
	crand "crypto/rand"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// fixRaftJitter replaces the source from which raft draws its election jitter.
func fixRaftJitter(t *testing.T, seed uint64) {
	old := crand.Reader
	crand.Reader = randReader{rand.New(rand.NewPCG(seed, 0))}
	t.Cleanup(func() { crand.Reader = old })
}

type randReader struct{ *rand.Rand }

func (r randReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return len(p), nil
}

var _ io.Reader = randReader{}

// TestEqualInputsGiveEqualEffects runs the same faults twice and compares a hash
// over every input and effect of every broker.
func TestEqualInputsGiveEqualEffects(t *testing.T) {
	hashes := map[uint64]bool{}
	for seed := uint64(1); seed <= 4; seed++ {
		first, second := eventHash(t, seed), eventHash(t, seed)
		require.Equal(t, first, second, "seed %d", seed)
		hashes[first] = true
	}
	require.Len(t, hashes, 4, "different seeds must differ, or the hash sees nothing")
}

// eventHash runs three brokers through writes, kills and cuts drawn from a seed.
func eventHash(t *testing.T, seed uint64) uint64 {
	fixRaftJitter(t, seed)
	w := newWorld(worldOptions{nodes: 3, minISR: 2})
	s := &script{t: t, w: w}
	require.Contains(t, s.awaitUnfenced(3), "unfenced")
	draw := shuffle(seed)
	s.createTopic([]int32{1, 2, 3})
	for i := range 40 {
		id := w.order[draw.IntN(3)]
		switch draw.IntN(6) {
		case 0:
			w.kill(id)
			w.run(time.Duration(draw.IntN(2000)) * time.Millisecond)
			w.boot(id)
		case 1:
			w.net.cut[[2]model.NodeID{id, w.order[draw.IntN(3)]}] = true
		case 2:
			w.heal()
		default:
			s.send(id, i)
		}
		w.run(time.Duration(draw.IntN(300)) * time.Millisecond)
	}
	w.heal()
	w.run(5 * time.Second)
	for id, err := range w.exits {
		require.NoError(t, err, "node %d", id)
	}
	return w.hash.Sum64()
}
