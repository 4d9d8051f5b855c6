package explore

import (
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// asking offers one after the other, as reduce wants it.
func asking(keeps func([]int) bool) func(iter.Seq[[]int]) int {
	return func(rests iter.Seq[[]int]) int {
		nth := 0
		for rest := range rests {
			if keeps(rest) {
				return nth
			}
			nth++
		}
		return -1
	}
}

func TestWhatIsNeededIsLeft(t *testing.T) {
	for _, needed := range [][]int{{}, {0}, {99}, {3, 7}, {0, 50, 99}, {10, 11, 12, 13}, upTo(100)} {
		asked := 0
		left := reduce(upTo(100), 1, asking(func(rest []int) bool {
			asked++
			for _, n := range needed {
				if !slices.Contains(rest, n) {
					return false
				}
			}
			return true
		}))
		require.Equal(t, needed, left)
		require.LessOrEqual(t, asked, 100+len(needed)*20, "needed %v", needed)
	}
	require.Empty(t, reduce(nil, 1, asking(func([]int) bool { panic("nothing to ask") })))
}

// Either of two will do, and an item may be needed only while another is there:
// then what is left is one of the smallest, in which no single item can be spared.
func TestNoSingleItemOfWhatIsLeftCanBeSpared(t *testing.T) {
	fails := func(rest []int) bool {
		has := func(n int) bool { return slices.Contains(rest, n) }
		return (has(20) || has(60)) && (!has(30) || has(70))
	}
	left := reduce(upTo(100), 1, asking(fails))
	require.Len(t, left, 1)
	require.True(t, fails(left))
}

func TestCoarseChunksAskLittle(t *testing.T) {
	asked := 0
	left := reduce(upTo(1000), 100, asking(func(rest []int) bool {
		asked++
		return slices.Contains(rest, 500)
	}))
	require.Contains(t, left, 500)
	require.LessOrEqual(t, len(left), 125)
	require.LessOrEqual(t, asked, 30)
}
