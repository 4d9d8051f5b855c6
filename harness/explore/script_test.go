package explore

import (
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
)

// TestScripts runs the cases in testdata/. Each file is a case and its story: the
// first lines say what it shows.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, runScript)
	})
}

func runScript(t *testing.T, d *datadriven.TestData) string {
	require.Equal(t, simulateDirective, d.Cmd)
	c, err := parse([]byte(d.Input))
	require.NoError(t, err)
	story, err := c.Tell(d.HasArg(blackBoxArgument))
	require.NoError(t, err)
	return story
}
