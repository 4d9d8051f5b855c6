package checker

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// appendsOf makes appends in the order of their ranks, open from call to
// closed.
func appendsOf(times ...[2]int64) []searched {
	var ops []searched
	for rank, at := range times {
		ops = append(ops, searched{rank: rank, f: appends, call: at[0], closed: at[1], process: rank})
	}
	return ops
}

func TestSegments(t *testing.T) {
	sizes := func(parts []segment) (n []int) {
		for _, s := range parts {
			n = append(n, len(s.ops))
		}
		return n
	}
	sequential := appendsOf([2]int64{0, 1}, [2]int64{2, 3}, [2]int64{4, 5}, [2]int64{6, 7}, [2]int64{8, 9})
	require.Equal(t, []int{2, 2, 1}, sizes(segments(sequential, 2)))

	// The log's own order allows a cut in the midst of overlapping ops.
	overlapping := appendsOf([2]int64{0, 50}, [2]int64{1, 51}, [2]int64{2, 52}, [2]int64{3, 53})
	require.Equal(t, []int{2, 2}, sizes(segments(overlapping, 2)))

	// Ranks 0 and 3 are out of order: no cut parts them.
	broken := appendsOf([2]int64{40, 50}, [2]int64{1, 60}, [2]int64{2, 60}, [2]int64{3, 5}, [2]int64{61, 62})
	parts := segments(broken, 1)
	require.Equal(t, []int{4, 1}, sizes(parts))
	require.Equal(t, porcupine.Illegal, parts[0].search(time.Minute))
	require.Equal(t, porcupine.Ok, parts[1].search(time.Minute))
	require.Equal(t, 4, parts[1].first)
}

// A pair too far apart for one search leaves the segments between undecided,
// and never ok.
func TestOversizeSegmentsAreUndecided(t *testing.T) {
	times := [][2]int64{{1000, 1001}}
	for i := range int64(20) {
		times = append(times, [2]int64{i, 2000})
	}
	times = append(times, [2]int64{30, 31})
	parts := segments(appendsOf(times...), 1)
	require.Greater(t, len(parts), 1)
	undecided := 0
	for _, s := range parts {
		require.LessOrEqual(t, len(s.ops), oversize)
		if s.search(time.Minute) == porcupine.Unknown {
			undecided++
		}
	}
	require.NotZero(t, undecided)
}

func TestBindingKeepsWhatOthersDoNotImply(t *testing.T) {
	ops := []searched{
		{rank: 0, f: showsNone, call: 5}, // implied by the later one at a lower or equal rank? none is lower
		{rank: 0, f: appends, call: 0, closed: 9},
		{rank: 0, f: shows, closed: 30},  // implied: rank 1 was seen at 20
		{rank: 1, f: showsNone, call: 4}, // implied: rank 0 was absent at 5
		{rank: 1, f: appends, call: 1, closed: 9},
		{rank: 1, f: shows, closed: 20},
		{rank: 2, f: showsNone, call: 7},
		{rank: 2, f: appends, call: 8, closed: 9},
		{rank: 2, f: shows, closed: 25},
	}
	kept := binding(ops)
	require.Equal(t, []searched{ops[0], ops[1], ops[4], ops[5], ops[6], ops[7], ops[8]}, kept)
}

func TestDisagreementFailsTheRun(t *testing.T) {
	r := newRun(longHistory(50), Options{}.normalised())
	o := opinion{disagree: finding{check: CheckDisagree}}
	o.compare(r, r.partitions[0], false) // as if the witness had found an order that breaks the rule
	var second, disagree Verdict
	for _, v := range o.verdicts() {
		switch v.Check {
		case CheckSecondOpinion:
			second = v
		case CheckDisagree:
			disagree = v
		}
	}
	require.Equal(t, OK, second.Status)
	require.Equal(t, Violation, disagree.Status)
	require.False(t, disagree.Promised, "the checker is at fault, not the broker")
	require.Contains(t, disagree.Reason, "a bug of this checker")
}

func TestUndecidedIsUnknown(t *testing.T) {
	// A limit that no search meets: one nanosecond.
	res := Check(longHistory(3000), Options{PorcupineSegmentOps: 3000, PorcupineTimeout: 1})
	second, ok := res.Verdict(CheckSecondOpinion)
	require.True(t, ok)
	require.Equal(t, Unknown, second.Status)
	require.Equal(t, Unknown, res.Status)
}
