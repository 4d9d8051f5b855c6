package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseStat(t *testing.T) {
	const behind = " S 3 7 7 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 9 0 4711 1024 5 18446744073709551615\n"
	tests := map[string]struct {
		stat string
		want Process
	}{
		"plain":       {"42 (ackbroker)" + behind, Process{ID: ID{42, 4711}, Parent: 3, Name: "ackbroker", State: 'S'}},
		"space":       {"42 (runc:[2 INIT])" + behind, Process{ID: ID{42, 4711}, Parent: 3, Name: "runc:[2 INIT]", State: 'S'}},
		"forked":      {strings.Replace("42 (sh)"+behind, " 4194304 ", " 4194368 ", 1), Process{ID: ID{42, 4711}, Parent: 3, Name: "sh", State: 'S', Forked: true}},
		"parentheses": {"42 (a) R 9 (b)" + behind, Process{ID: ID{42, 4711}, Parent: 3, Name: "a) R 9 (b", State: 'S'}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseStat([]byte(test.stat))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestParseStatNamesWhatIsWrong(t *testing.T) {
	tests := map[string]struct{ stat, want string }{
		"empty":     {"", `stat "": no name in parentheses`},
		"cut off":   {"42 (a) S 3", "2 fields behind the name, wanted more than 19"},
		"not a pid": {"x (a) S 3 7 7 0 -1 0 1 0 0 0 1 2 0 0 20 0 9 0 4711 1024", `parsing "x": invalid syntax`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parseStat([]byte(test.stat))
			require.ErrorContains(t, err, test.want)
		})
	}
}

// fakeProc is a /proc of processes that are only files.
func fakeProc(t *testing.T, files map[string]string) Table {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return Table{root: root}
}

func TestListLeavesOutPIDOneAndWhatIsNoProcess(t *testing.T) {
	const behind = " S 1 7 7 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 9 0 4711 1024 5\n"
	table := fakeProc(t, map[string]string{
		"1/stat":              "1 (faultd)" + behind,
		"20/stat":             "20 (kcat)" + behind,
		"7/stat":              "7 (ackbroker)" + behind,
		"7/cmdline":           "/ackbroker\x00--config\x00/etc/b.properties\x00",
		"uptime":              "12 13",
		"99/task/99/children": "", // ended while it was read
	})
	got, err := table.List()
	require.NoError(t, err)
	require.Equal(t, []Process{
		{ID: ID{7, 4711}, Parent: 1, Name: "ackbroker", State: 'S', Cmdline: "/ackbroker --config /etc/b.properties"},
		{ID: ID{20, 4711}, Parent: 1, Name: "kcat", State: 'S'},
	}, got)
}

func TestStartingIsForkedFromOutside(t *testing.T) {
	require.True(t, Process{Forked: true}.Starting())
	require.False(t, Process{Forked: true, Parent: 7}.Starting(), "a worker that a broker forked")
	require.False(t, Process{}.Starting(), "a broker")
}
