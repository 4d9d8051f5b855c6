package nemesis

import (
	"math/rand/v2"

	"github.com/ackproof/ackproof/harness/stream"
)

// deck deals all of its cards in a shuffled order, then shuffles anew, so that
// a short schedule does not show one fault four times and another never. The
// card at a position depends on the seed and the position only.
type deck[T any] struct {
	rng   *rand.Rand
	cards []T
	dealt []T
}

func newDeck[T any](seed uint64, label string, cards []T) *deck[T] {
	return &deck[T]{rng: stream.New(seed, label), cards: cards}
}

// at returns the card at position i, counted from 0.
func (d *deck[T]) at(i int) T {
	for len(d.dealt) <= i {
		for _, j := range d.rng.Perm(len(d.cards)) {
			d.dealt = append(d.dealt, d.cards[j])
		}
	}
	return d.dealt[i]
}
