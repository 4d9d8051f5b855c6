package docker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// stamped are lines as the engine gives them.
func stamped(lines ...string) *strings.Reader {
	return strings.NewReader(strings.Join(lines, "\n") + "\n")
}

const second = "2026-11-25T16:48:0"

func TestLogTakesEachLineOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node-1.log")
	l, err := openLog(path)
	require.NoError(t, err)
	require.Equal(t, "it wrote nothing", l.lastWords())

	require.NoError(t, l.take(stamped(second+"1Z one", second+"2.5Z two", second+"2.5Z two")))
	require.Equal(t, "two", l.lastWords())
	// The engine goes back to the last known time, whose lines it repeats.
	require.NoError(t, l.take(stamped(second+"2.5Z two", second+"2.5Z two", second+"2.5Z three", second+"4Z four")))
	require.NoError(t, l.take(stamped(second+"1Z one", second+"4Z four", second+"5Z panic: five")))
	require.Equal(t, "panic: five", l.lastWords())

	l.begin(2)
	require.Equal(t, "it wrote nothing", l.lastWords(), "of the next incarnation")
	_, err = agentNotes{l}.Write([]byte("healed\nexit\n"))
	require.NoError(t, err)
	require.NoError(t, l.close())

	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var broker, ours []string
	for line := range strings.Lines(string(text)) {
		if note, is := strings.CutPrefix(line, "--- "); is {
			_, note, _ = strings.Cut(strings.TrimSpace(note), " ")
			ours = append(ours, note)
			continue
		}
		broker = append(broker, strings.TrimSpace(line))
	}
	require.Equal(t, []string{"one", "two", "two", "three", "four", "panic: five"}, broker)
	require.Equal(t, []string{"start 2", "agent: healed", "agent: exit"}, ours)
}

func TestLogKeepsWhatHasNoTime(t *testing.T) {
	l, err := openLog(filepath.Join(t.TempDir(), "node-1.log"))
	require.NoError(t, err)
	require.NoError(t, l.take(strings.NewReader("no time at all")))
	require.Equal(t, "no time at all", l.lastWords())
	require.NoError(t, l.take(stamped(second+"1Z one")))
	require.Equal(t, "one", l.lastWords())
	_, err = openLog(l.file.Name())
	require.ErrorIs(t, err, os.ErrExist, "two nodes never share a log")
}
