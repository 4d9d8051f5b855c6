package explore

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// guide steers the draw. It keeps profiles that made rare things happen and
// draws from them again, as a fuzzer keeps inputs that reach new code. A thing is
// a protocol event and about how often it happened in one case.
type guide struct {
	// Seen is in how many cases each thing happened.
	Seen map[string]int `json:"seen"`
	// Kept are the profiles worth drawing from again, the rarest first.
	Kept []kept `json:"kept"`
}

// kept is a profile, and in how many cases the rarest thing that it made happen
// had happened by then.
type kept struct {
	Profile uint64 `json:"profile"`
	Rarity  int    `json:"rarity"`
	Thing   string `json:"thing"`
}

const (
	// rare is in how many cases a thing may have happened at most.
	rare = 20
	// keptAtMost bounds the profiles, the rarest stay.
	keptAtMost = 64
)

func newGuide() guide { return guide{Seen: map[string]int{}} }

// things are those of a case.
func things(coverage map[string]int) []string {
	var all []string
	for event, times := range coverage {
		all = append(all, fmt.Sprintf("%s x%d", event, 1<<(bits.Len(uint(times))-1)))
	}
	return slices.Sorted(slices.Values(all))
}

// learn takes note of what happened in a case.
func (g *guide) learn(f finding) {
	best := kept{Profile: f.Profile, Rarity: rare + 1}
	for _, thing := range things(f.Coverage) {
		g.Seen[thing]++
		if n := g.Seen[thing]; n < best.Rarity {
			best.Rarity, best.Thing = n, thing
		}
	}
	if best.Rarity > rare {
		return
	}
	g.Kept = slices.DeleteFunc(g.Kept, func(k kept) bool { return k.Profile == f.Profile || k.Thing == best.Thing })
	g.Kept = append(g.Kept, best)
	slices.SortStableFunc(g.Kept, func(a, b kept) int { return cmp.Compare(a.Rarity, b.Rarity) })
	g.Kept = g.Kept[:min(len(g.Kept), keptAtMost)]
}

// profile names the profile to draw a case from: every second time one of its
// own, else one that was kept.
func (g *guide) profile(r dice, seed uint64) uint64 {
	if len(g.Kept) == 0 || r.IntN(2) == 0 {
		return seed
	}
	return g.Kept[r.IntN(len(g.Kept))].Profile
}

// events are the protocol events that happened at all, and in how many cases.
func (g *guide) events() map[string]int {
	events := map[string]int{}
	for thing, cases := range g.Seen {
		events[thing[:strings.LastIndex(thing, " x")]] += cases
	}
	return events
}
