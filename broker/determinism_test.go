package broker

import (
	crand "crypto/rand"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// TestCoreImportsNothingThatDecidesForItself guards the core's contract: the
// packages that run inside a step may not reach a clock, a socket, the
// environment or shared state.
func TestCoreImportsNothingThatDecidesForItself(t *testing.T) {
	forbidden := map[string]bool{
		"os": true, "net": true, "sync": true, "sync/atomic": true, "context": true, "os/signal": true, "syscall": true,
		"runtime": true, "unsafe": true, "math/rand": true, "crypto/rand": true, "log": true, "log/slog": true, "net/http": true,
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}: {{join .Imports " "}}`,
		".", "./model", "./mutant", "./storage", "./partition", "./controller", "./wire").CombinedOutput()
	require.NoError(t, err, string(out))
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, lines, 7)
	for _, line := range lines {
		pkg, imports, _ := strings.Cut(line, ": ")
		for _, imported := range strings.Fields(imports) {
			require.False(t, forbidden[imported], "%s imports %s", pkg, imported)
		}
	}
}

// TestCoreReadsNoClockAndStartsNoGoroutine catches what imports cannot show.
func TestCoreReadsNoClockAndStartsNoGoroutine(t *testing.T) {
	for _, pattern := range []string{`time\.(Now|Since|Sleep|After|Tick|NewTimer|NewTicker)\(`, `^\s*go (func|[a-z])`, `\bmake\(chan `, `\bselect \{`} {
		out, _ := exec.Command("grep", "-rnE", "--include=*.go", "--exclude=*_test.go",
			pattern, "core.go", "model", "mutant", "storage", "partition", "controller", "wire").Output()
		for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
			require.True(t, line == "" || strings.HasPrefix(line, "storage/osfs/"), "%s: %s", pattern, line)
		}
	}
}

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
