package checker

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

// differentialRuns is how many random histories the differential test draws.
// ACKPROOF_DIFFERENTIAL sets another number.
const differentialRuns = 100_000

// TestWitnessAgainstPorcupine holds the witness against Porcupine on random
// small histories: on the whole history with every read, as it stands in the
// books; on what the checker really searches, which leaves out implied reads;
// and on segments of a few ops, which tests the cuts.
func TestWitnessAgainstPorcupine(t *testing.T) {
	runs := differentialRuns
	if testing.Short() {
		runs /= 20
	}
	if n := os.Getenv("ACKPROOF_DIFFERENTIAL"); n != "" {
		var err error
		runs, err = strconv.Atoi(n)
		require.NoError(t, err)
	}
	seen := map[bool]map[bool]int{false: {}, true: {}}
	for seed := range runs {
		h := randomHistory(rand.New(rand.NewPCG(1, uint64(seed))))
		strict := seed%2 == 0
		seen[strict][agree(t, h, strict, seed)]++
	}
	for strict, verdicts := range seen {
		t.Logf("strict %v: %d legal, %d illegal", strict, verdicts[true], verdicts[false])
		require.Greater(t, verdicts[true], runs/20, "hardly any legal history was tried")
		require.Greater(t, verdicts[false], runs/20, "hardly any illegal history was tried")
	}
}

func FuzzWitnessAgainstPorcupine(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, seed+1, seed%2 == 0)
	}
	f.Fuzz(func(t *testing.T, one, two uint64, strict bool) {
		agree(t, randomHistory(rand.New(rand.NewPCG(one, two))), strict, int(one))
	})
}

// agree fails the test unless all ways to judge h agree, and returns whether it
// is legal.
func agree(t *testing.T, h *history.History, strict bool, seed int) bool {
	t.Helper()
	require.NoError(t, h.Validate())
	r := newRun(h, Options{StrictReads: strict}.normalised())
	if len(r.partitions) == 0 {
		return true
	}
	p := r.partitions[0]
	w := p.witness(r)
	if strict {
		w.readStrictly(r)
	}
	_, late := w.realTime()
	legal := late == 0

	ops := p.searchedOps(r)
	whole := segment{ops: ops}.search(r.options.PorcupineTimeout) == porcupine.Ok
	pruned, cut := true, true
	for _, s := range segments(binding(ops), r.options.PorcupineSegmentOps) {
		pruned = pruned && s.search(r.options.PorcupineTimeout) == porcupine.Ok
	}
	for _, s := range segments(binding(ops), 2) {
		cut = cut && s.search(r.options.PorcupineTimeout) == porcupine.Ok
	}
	if whole != legal || pruned != legal || cut != legal {
		events, err := json.MarshalIndent(h.Events, "", " ")
		require.NoError(t, err)
		require.Failf(t, "disagreement", "seed %d, strict %v: witness %v, Porcupine on the whole %v, on what binds %v, on segments %v\n%s",
			seed, strict, legal, whole, pruned, cut, events)
	}
	return legal
}
