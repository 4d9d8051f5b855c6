package nemesis

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDeckDealsAllCardsBeforeAnyAgain(t *testing.T) {
	d := newDeck(3, "cards", []int{1, 2, 3, 4, 5})
	d.at(19)
	for round := range slices.Chunk(d.dealt, 5) {
		require.ElementsMatch(t, []int{1, 2, 3, 4, 5}, round)
	}
	require.Equal(t, d.dealt[7], newDeck(3, "cards", []int{1, 2, 3, 4, 5}).at(7))
}
