package nemesis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/ackproof/ackproof/harness/stream"
)

// DrawOptions says what a schedule is drawn from.
type DrawOptions struct {
	Seed  uint64
	Nodes int
	// Length is how long clients run; at least MinLength.
	Length time.Duration
	// Mix names the kinds, by words of MixWords: "crash" is another for "kill",
	// "mixed" is all kinds but "power" and "disk", which simulated clusters alone
	// can have, and "none" or an empty mix draws a
	// schedule without faults. A wipe is never drawn: no replicated log survives
	// every wipe, so it belongs to schedules that are written for a purpose.
	Mix []string
	// Without are kinds to leave out of "mixed", for a cluster on which they cannot
	// be had.
	Without []Kind
	// RecoverEvery is the most faults in a row without time to recover after
	// each but the last; 0 means 2. With 1 the cluster may recover from every
	// fault before the next one.
	RecoverEvery int
}

// MinLength is the shortest run that has room for a quiet period, one fault
// that outlasts a broker's session, and recovery.
const MinLength = 5 * time.Second

// maxNodes bounds the nodes of a schedule; larger values are typing errors.
const maxNodes = 99

// drawnKinds are the kinds that Draw deals, and those of them that "mixed" leaves
// out: they are not to be had on any live cluster.
var (
	drawnKinds = []Kind{Partition, Kill, Stop, Pause, SkewClock, Elect, Delay, Loss, Reset, Reorder, Power, Disk}
	notMixed   = []Kind{Power, Disk}
)

// MixWords are the words that a schedule can be drawn from.
var MixWords = []string{
	"partition", "kill", "crash", "stop", "pause", "clock", "elect", "delay", "loss", "reset", "reorder", "power", "disk",
	"mixed", "none",
}

// LiveMixWords are those of the faults that live clusters can have.
func LiveMixWords() []string {
	return slices.DeleteFunc(slices.Clone(MixWords), func(word string) bool { return slices.Contains(notMixed, Kind(word)) })
}

// LiveKinds are the kinds of fault that live clusters can have.
func LiveKinds() []Kind {
	return slices.DeleteFunc(slices.Clone(allKinds), func(kind Kind) bool { return slices.Contains(notMixed, kind) })
}

// Draw deals a schedule from the seed: a quiet period, faults with gaps to
// recover in, and everything healed while clients still run. Time slots, the
// kinds that fill them and each kind's faults come from streams of their own.
// A kind that is left out of the mix gives its slots to the kinds that stay;
// what these had in their own slots does not change.
func Draw(o DrawOptions) (Schedule, error) {
	kinds, err := parseMix(o.Mix, o.Without)
	if err != nil {
		return Schedule{}, err
	}
	if o.Length < MinLength {
		return Schedule{}, fmt.Errorf("draw schedule: length %v: allowed is %v or more", o.Length, MinLength)
	}
	if o.RecoverEvery < 0 {
		return Schedule{}, fmt.Errorf("draw schedule: recover every %d: allowed is 0 (for 2) or more", o.RecoverEvery)
	}
	if o.RecoverEvery == 0 {
		o.RecoverEvery = 2
	}
	least := 1
	if slices.ContainsFunc(kinds, Kind.OnLinks) {
		least = 2
	}
	if o.Nodes < least || o.Nodes > maxNodes {
		return Schedule{}, fmt.Errorf("draw schedule: nodes %d: allowed are %d to %d with this mix", o.Nodes, least, maxNodes)
	}

	s := Schedule{
		Format: Format, Version: Version,
		Name: mixName(kinds), Seed: o.Seed, Nodes: o.Nodes,
		Length: Millis(o.Length.Milliseconds()), Steps: []Step{},
	}
	if len(kinds) == 0 {
		return s, nil
	}
	kindOf := newDeck(o.Seed, "nemesis/kinds", drawnKinds)
	faults := map[Kind]*deck[Fault]{}
	for kind, cards := range faultCards(o.Nodes) {
		faults[kind] = newDeck(o.Seed, "nemesis/"+string(kind), cards)
	}
	for i, slot := range drawSlots(stream.New(o.Seed, "nemesis/slots"), o.Length, o.RecoverEvery) {
		kind := fillSlot(kindOf, i, kinds)
		s.Steps = append(s.Steps, Step{
			ID: i + 1, At: slot.at, For: slot.length, Fault: faults[kind].at(i),
		})
	}
	return s, nil
}

// parseMix turns the words of a mix into kinds, in the order of drawnKinds.
func parseMix(words []string, without []Kind) ([]Kind, error) {
	chosen := map[Kind]bool{}
	for _, word := range words {
		switch {
		case !slices.Contains(MixWords, word):
			return nil, fmt.Errorf("draw schedule: mix %q: allowed are %s", word, strings.Join(MixWords, ", "))
		case word == "mixed":
			for _, k := range drawnKinds {
				left := slices.Contains(notMixed, k) || slices.Contains(without, k)
				chosen[k] = chosen[k] || !left
			}
		case word == "crash":
			chosen[Kill] = true
		default:
			chosen[Kind(word)] = true // "none" is no kind, and chooses nothing
		}
	}
	return slices.DeleteFunc(slices.Clone(drawnKinds), func(k Kind) bool { return !chosen[k] }), nil
}

func mixName(kinds []Kind) string {
	if len(kinds) == 0 {
		return "none"
	}
	return words(kinds)
}

// fillSlot names the kind of slot i: the one dealt there, or, if that is not in
// the mix, the next in the deck's order that is.
func fillSlot(kindOf *deck[Kind], i int, mix []Kind) Kind {
	for j := i; ; j++ {
		if kind := kindOf.at(j); slices.Contains(mix, kind) {
			return kind
		}
	}
}

// slot is a time in which one fault is in force.
type slot struct{ at, length Millis }

// Bounds of slots. A fault must outlast the broker's session timeout (1 s in
// runs of the harness) and the election after it, or nobody acks meanwhile and
// the run shows nothing; the gap after it must let a
// restarted broker register, catch up and rejoin the ISR.
const (
	minFault = 2500 * time.Millisecond
	minGap   = 1200 * time.Millisecond
	// maxBreath is the longest gap between faults of which the second comes
	// before the cluster had time to recover.
	maxBreath = 500 * time.Millisecond
)

// drawSlots lays slots out between the quiet period and the margin at the end.
// It depends on nothing but the stream, the length and recoverEvery.
func drawSlots(rng *rand.Rand, length time.Duration, recoverEvery int) []slot {
	quiet := clamp(length/8, time.Second, 5*time.Second)
	margin := clamp(length/6, 1500*time.Millisecond, 6*time.Second)
	maxFault := clamp(length/4, minFault+300*time.Millisecond, 6*time.Second)
	maxGap := clamp(length/6, 1500*time.Millisecond, 4*time.Second)

	var slots []slot
	end := length - margin
	unrecovered := 0
	for at := quiet; end-at >= minFault; {
		force := min(between(rng, minFault, maxFault), end-at)
		slots = append(slots, slot{at: Millis(at.Milliseconds()), length: Millis(force.Milliseconds())})
		gap := between(rng, minGap, maxGap)
		breath := between(rng, maxBreath/5, maxBreath)
		if unrecovered++; unrecovered < recoverEvery && rng.IntN(4) == 0 {
			gap = breath
		} else {
			unrecovered = 0
		}
		at += force + gap
	}
	return slots
}

func between(rng *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(rng.Int64N(int64(high-low)+1))
}

func clamp(d, low, high time.Duration) time.Duration { return min(max(d, low), high) }
