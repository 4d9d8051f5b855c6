package stream

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStreamsAreIndependent(t *testing.T) {
	first := func(seed uint64, label string) uint64 { return New(seed, label).Uint64() }
	require.Equal(t, first(1, "a"), first(1, "a"))
	require.NotEqual(t, first(1, "a"), first(1, "b"))
	require.NotEqual(t, first(1, "a"), first(2, "a"))
}
