// Package mutant names protocol bugs that can be switched on, one at a time or
// several. The broker reads a switch at the exact guard that the bug breaks,
// so the correct code reads as the specification. The harness proves its
// detectors with them: each mutant must be caught, the plain broker never
// accused.
//
// The catalogue stands in files by what is broken: replication.go, acks.go,
// quorum.go, disk.go.
package mutant

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Mutant is the stable name of one planted bug.
type Mutant string

// Row is one planted bug of the catalogue.
type Row struct {
	// Number is its stable number in docs/mutants.md; gaps are intended.
	Number int
	Name   Mutant
	// Breaks says in one line what the broker does wrong.
	Breaks string
	// Source is where the bug was seen, or may come from: KIP, JIRA, paper.
	Source string
}

// Catalogue lists every mutant that this broker knows, by number.
func Catalogue() []Row { return slices.Clone(catalogue) }

var catalogue = func() []Row {
	rows := slices.Concat(replication, acks, quorum, disk)
	slices.SortFunc(rows, func(a, b Row) int { return a.Number - b.Number })
	return rows
}()

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
	for _, row := range catalogue {
		if word == string(row.Name) || word == fmt.Sprint(row.Number) {
			return row.Name, true
		}
	}
	return "", false
}

// Names lists every mutant that this broker knows, sorted.
func Names() []string {
	names := make([]string, 0, len(catalogue))
	for _, row := range catalogue {
		names = append(names, string(row.Name))
	}
	sort.Strings(names)
	return names
}
