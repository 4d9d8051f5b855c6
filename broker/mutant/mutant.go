// Package mutant names protocol bugs that can be switched on, one at a time or
// several. The broker reads a switch at the exact guard that the bug breaks,
// so the correct code reads as the specification. The harness proves its
// detectors with them: each mutant must be caught, the plain broker never
// accused.
package mutant

import (
	"fmt"
	"sort"
	"strings"
)

// Mutant is the stable name of one planted bug.
type Mutant string

// The planted bugs. The numbers are those of the catalogue in docs/mutants.md.
const (
	// AckOnAppend (14) answers acks=all once the leader has appended, as if
	// acks were 1.
	AckOnAppend Mutant = "ack-on-append"
	// MinISRIgnored (21) neither refuses a write nor holds the high watermark
	// when the ISR is smaller than min.insync.replicas (KAFKA-15583).
	MinISRIgnored Mutant = "min-isr-ignored"
	// WallClockSessions (47) measures the sessions of brokers by the controller's
	// wall clock, which can be set.
	WallClockSessions Mutant = "wall-clock-sessions"
)

var numbers = map[Mutant]int{AckOnAppend: 14, MinISRIgnored: 21, WallClockSessions: 47}

// Set is the mutants that are switched on; the zero value is the correct broker.
type Set map[Mutant]bool

// Has tells whether a mutant is switched on.
func (s Set) Has(m Mutant) bool { return s[m] }

// String lists the set's names in order, separated by commas.
func (s Set) String() string {
	names := make([]string, 0, len(s))
	for m, on := range s {
		if on {
			names = append(names, string(m))
		}
	}
	sort.Strings(names)
	return strings.Join(names, ",")
}

// Parse reads a comma-separated list of names or catalogue numbers.
func Parse(list string) (Set, error) {
	set := Set{}
	for _, word := range strings.Split(list, ",") {
		word = strings.TrimSpace(word)
		if word == "" {
			continue
		}
		m, ok := find(word)
		if !ok {
			return nil, fmt.Errorf("mutant %q is unknown: allowed are %s", word, strings.Join(Names(), ", "))
		}
		set[m] = true
	}
	return set, nil
}

func find(word string) (Mutant, bool) {
	for m, number := range numbers {
		if word == string(m) || word == fmt.Sprint(number) {
			return m, true
		}
	}
	return "", false
}

// Names lists every mutant that this broker knows, sorted.
func Names() []string {
	names := make([]string, 0, len(numbers))
	for m := range numbers {
		names = append(names, string(m))
	}
	sort.Strings(names)
	return names
}
