package explore

import (
	"path/filepath"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
)

// TestScripts runs the cases in testdata/ and in the gallery. Each file is a case
// and its story: the first lines say what it shows. A change of the broker may
// change a story; read it, and if it is right: go test -run Scripts -rewrite
func TestScripts(t *testing.T) {
	var scripts []string
	for _, pattern := range []string{"testdata/*.script", "../../results/gallery/*/*.script", "../../results/gallery/fixed/*/*.script"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		scripts = append(scripts, found...)
	}
	require.NotEmpty(t, scripts)
	for _, path := range scripts {
		t.Run(filepath.Base(path), func(t *testing.T) { datadriven.RunTest(t, path, runScript) })
	}
}

func runScript(t *testing.T, d *datadriven.TestData) string {
	require.Equal(t, simulateDirective, d.Cmd)
	c, err := parse([]byte(d.Input))
	require.NoError(t, err)
	story, err := c.Tell(d.HasArg(blackBoxArgument))
	require.NoError(t, err)
	return story
}
