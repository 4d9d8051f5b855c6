package explore

import "slices"

// reduce is delta debugging (Zeller, Hildebrandt: "Simplifying and isolating
// failure-inducing input", 2002), the half of it that takes away: chunks of
// halving size are left out, the last first, as later things rest on earlier
// ones, until no chunk of the least size can be spared. Keeps is called with what
// would be left, and may say yes to whatever it likes.
func reduce[T any](items []T, least int, keeps func([]T) bool) []T {
	if len(items) == 0 || keeps([]T{}) {
		return []T{}
	}
	for chunk := (len(items) + 1) / 2; ; chunk = (chunk + 1) / 2 {
		fewer := true
		for fewer {
			fewer = false
			for end := len(items); end > 0; end -= chunk {
				from := max(0, end-chunk)
				if end-from == len(items) {
					continue // that all can go was asked first
				}
				rest := slices.Concat(items[:from], items[end:])
				if keeps(rest) {
					items, fewer = rest, true
				}
			}
			fewer = fewer && chunk == 1 // larger chunks get another chance when halved
		}
		if chunk <= max(1, least) {
			return items
		}
	}
}
