package explore

import (
	"iter"
	"slices"
)

// reduce is delta debugging (Zeller, Hildebrandt: "Simplifying and isolating
// failure-inducing input", 2002), the half of it that takes away: chunks of
// halving size are left out, the last first, as later things rest on earlier
// ones, until no chunk of the least size can be spared. First is called with what
// would be left, one after the other, and says which is the first that may be, or
// -1; it may say so of whatever it likes.
func reduce[T any](items []T, least int, first func(iter.Seq[[]T]) int) []T {
	nothing := func(yield func([]T) bool) { yield([]T{}) }
	if len(items) == 0 || first(nothing) == 0 {
		return []T{}
	}
	for chunk := (len(items) + 1) / 2; ; chunk = (chunk + 1) / 2 {
		for fewer := true; fewer; {
			fewer = false
			for end := len(items); end > 0 && chunk < len(items); { // that all can go was asked first
				without := func(nth int) (from int, rest []T) {
					to := end - nth*chunk
					from = max(0, to-chunk)
					return from, slices.Concat(items[:from], items[to:])
				}
				chosen := first(func(yield func([]T) bool) {
					for nth := 0; end-nth*chunk > 0; nth++ {
						if _, rest := without(nth); !yield(rest) {
							return
						}
					}
				})
				if chosen < 0 {
					break
				}
				end, items = without(chosen)
				fewer = true
			}
			fewer = fewer && chunk == 1 // larger chunks get another chance when halved
		}
		if chunk <= max(1, least) {
			return items
		}
	}
}
