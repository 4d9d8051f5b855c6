package nemesis

import (
	"hash/fnv"
	"math/rand/v2"
)

// stream is the source of randomness of one labelled purpose. Each purpose has
// its own, all from the run's one seed: drawing more or less for one purpose
// re-deals nothing of another.
func stream(seed uint64, label string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(label)) // a hash's Write never fails
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// deck deals all of its cards in a shuffled order, then shuffles anew, so that
// a short schedule does not show one fault four times and another never. The
// card at a position depends on the seed and the position only.
type deck[T any] struct {
	rng   *rand.Rand
	cards []T
	dealt []T
}

func newDeck[T any](seed uint64, label string, cards []T) *deck[T] {
	return &deck[T]{rng: stream(seed, label), cards: cards}
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
