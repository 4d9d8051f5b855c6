package docker

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestLogKeepsWhatEachIncarnationPrinted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node-1.log")
	l, err := openLog(path)
	require.NoError(t, err)
	require.Equal(t, "it wrote nothing", l.lastWords())

	require.NoError(t, l.follow(strings.NewReader("one\ntwo\ntwo\npanic: three")))
	require.Equal(t, "panic: three", l.lastWords())
	l.begin(2)
	require.Equal(t, "it wrote nothing", l.lastWords(), "of the next incarnation")
	_, err = agentNotes{l}.Write([]byte("healed\nexit\n"))
	require.NoError(t, err)
	cut := io.MultiReader(strings.NewReader("four\n"), iotest.ErrReader(errors.New("connection reset by peer")))
	require.ErrorContains(t, l.follow(cut), "follow the log: connection reset by peer")
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
	require.Equal(t, []string{"one", "two", "two", "panic: three", "four"}, broker)
	require.Equal(t, []string{"start 2", "agent: healed", "agent: exit"}, ours)

	_, err = openLog(path)
	require.ErrorIs(t, err, os.ErrExist, "two nodes never share a log")
}
