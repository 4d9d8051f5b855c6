package sim

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStreamsAreTheirLabels(t *testing.T) {
	a, again, b, other := newDice(1, "a"), newDice(1, "a"), newDice(1, "b"), newDice(2, "a")
	first := a.Uint64()
	require.Equal(t, first, again.Uint64())
	require.NotEqual(t, first, b.Uint64())
	require.NotEqual(t, first, other.Uint64())
}

func TestDraws(t *testing.T) {
	s := newDice(1, "test")
	hits, longest := 0, time.Duration(0)
	for range 1000 {
		require.False(t, s.perMille(0))
		require.True(t, s.perMille(1000))
		if s.perMille(500) {
			hits++
		}
		d := s.upTo(3)
		require.GreaterOrEqual(t, d, time.Duration(0))
		longest = max(longest, d)
		require.Zero(t, s.upTo(0))
		require.Zero(t, s.upTo(-1))
	}
	require.InDelta(t, 500, hits, 100)
	require.Equal(t, time.Duration(3), longest)
}

// TestAStreamCanBeRead in pieces of any size: Raft draws big numbers from it.
func TestAStreamCanBeRead(t *testing.T) {
	for _, size := range []int{1, 8, 21} {
		p, again := make([]byte, size), make([]byte, size)
		_, err := io.ReadFull(newDice(1, "raft"), p)
		require.NoError(t, err)
		_, err = io.ReadFull(newDice(1, "raft"), again)
		require.NoError(t, err)
		require.Equal(t, p, again)
		require.NotZero(t, p[size-1])
	}
}
