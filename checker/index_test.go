package checker

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIndex(t *testing.T) {
	keys := []int64{0, 1, 7, nearLimit - 1, nearLimit, nearLimit + 5, 1 << 60}
	var x index
	for _, k := range keys {
		_, ok := x.get(k)
		require.False(t, ok, "key %d of an empty index", k)
	}
	for i, k := range keys {
		x.set(k, int32(i))
	}
	for i, k := range keys {
		at, ok := x.get(k)
		require.True(t, ok, "key %d", k)
		require.EqualValues(t, i, at, "key %d", k)
	}
	for _, absent := range []int64{-1, 2, nearLimit - 2, nearLimit + 1} {
		_, ok := x.get(absent)
		require.False(t, ok, "key %d was never set", absent)
	}
	x.set(7, 42)
	at, _ := x.get(7)
	require.EqualValues(t, 42, at)
}
