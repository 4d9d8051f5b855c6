package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/explore"
)

func TestShrinksAreSetSideBySide(t *testing.T) {
	of := func(name string, faults, ops int, cut bool) reduction {
		return reduction{exhibit: name, found: &explore.Case{Seed: 7}, took: 1500 * time.Millisecond, shrunk: explore.Shrunk{
			Before: explore.Size{Faults: 130, Ops: 2000, Events: 9000}, After: explore.Size{Faults: faults, Ops: ops, Events: 900},
			Outcome: explore.Outcome{Failure: explore.Failure{Class: "unseen"}}, Tried: 42, Cut: cut,
		}}
	}
	table := shrinkTable([]reduction{
		of("small", 10, 20, false), of("faulty", 11, 1, false), of("busy", 1, 21, false), of("slow", 1, 1, true), {exhibit: "rare"},
	}, shrinks{jobs: 2, within: time.Minute})
	require.Contains(t, table, "| small | unseen | 7 | 130 → 10 | 2000 → 20 | 9000 → 900 | 42 | 1.5 s |\n")
	require.Contains(t, table, "| slow | unseen | 7 | 130 → 1 | 2000 → 1 | 9000 → 900 | 42 | 1.5 s, not done |\n")
	require.Contains(t, table, "\n2 of 4 came down to at most 10 faults and 20 operations within 1m0s. ")
	require.Contains(t, table, "with 2 workers. No such case was found within 1m0s for: rare.\n")
}
