package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness"
)

func TestFaultTimesAsATable(t *testing.T) {
	kill := harness.FaultTime{Fault: "kill", Evidence: "state 1: running -> dead", Apply: 1500 * time.Microsecond, Heal: 20 * time.Millisecond}
	cannot := harness.FaultTime{Fault: "clock", Cannot: "no amd64"}
	skewed := harness.FaultTime{Fault: "clock", Evidence: "clock 1: +1h0m0s", Apply: time.Second, Heal: time.Millisecond}
	require.Equal(t, `| fault | local: apply, heal | docker: apply, heal | evidence, of one of them |
|---|---|---|---|
| kill | 1.5 ms, 20.0 ms | 1.5 ms, 20.0 ms | state 1: running -> dead |
| clock | cannot: no amd64 | 1000.0 ms, 1.0 ms | clock 1: +1h0m0s |
`, faultTable(map[string][]harness.FaultTime{harness.Local: {kill, cannot}, harness.Docker: {kill, skewed}}))
	require.Equal(t, `| fault | local: apply, heal | evidence, of one of them |
|---|---|---|
| kill | 1.5 ms, 20.0 ms | state 1: running -> dead |
`, faultTable(map[string][]harness.FaultTime{harness.Local: {kill}}))
}

func TestTheTableTakesItsPlaceInTheDocument(t *testing.T) {
	path := filepath.Join(t.TempDir(), "faults.md")
	const before, after = "a\n<!-- measured by make faults -->\n", "<!-- end -->\nb\n"
	require.NoError(t, os.WriteFile(path, []byte(before+"old\n"+after), 0o644))
	text, err := replaceTable(path, "faults", "new\n")
	require.NoError(t, err)
	require.Equal(t, before+"new\n"+after, text)
	_, err = replaceTable(path, "shrinks", "new\n")
	require.ErrorContains(t, err, "has no place for the table", "its own place only")

	require.NoError(t, os.WriteFile(path, []byte("a\n"), 0o644))
	_, err = replaceTable(path, "faults", "new\n")
	require.ErrorContains(t, err, "has no place for the table, allowed is a document with the lines")
}

// The documents of the repository are such that make can write them.
func TestTheDocumentsHaveAPlaceForTheirTable(t *testing.T) {
	for document, target := range map[string]string{"faults.md": "faults", "shrink.md": "shrinks"} {
		text, err := replaceTable(filepath.Join("..", "..", "docs", document), target, "x")
		require.NoError(t, err)
		require.Contains(t, text, "<!-- measured by make "+target+" -->\nx"+tableEnd)
	}
}
