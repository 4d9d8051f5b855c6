package checker

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

func picture(t *testing.T, h *history.History, res Result) string {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, Visualize(&page, h, res))
	return page.String()
}

func TestVisualize(t *testing.T) {
	config := history.Config{Acks: "all", MinISR: 2, ReplicationFactor: 1, Idempotent: true}
	for name, row := range map[string]struct {
		script string
		shows  []string
		not    []string
	}{
		"order": {
			script: `
0: send 11 @1 [10 20]
fault partition n1,n3 [15 35] bit
1: send 12 @0 [30 40]
fault kill n2 [2000 2050] bit
final 0=12 1=11`,
			shows: []string{"send 11: offset 1", "send 12: offset 0", "partition [1 3]", CheckRealTime, "was there before the append"},
			not:   []string{"kill [2]"}, // after all that is shown
		},
		"loss": {
			script: `
0: send 11 @0 [10 20]
0: send 12 @1 [30 40]
fault partition n1 [15 35] bit
final 0=11`,
			shows: []string{"send 12: offset 1", CheckUnseen, "partition [1]"},
		},
		"a send that is no op of the model": {
			script: `
0: send 11 @0 [10 20]
1: send 12 fail [30 40]
final 0=11 1=12`,
			shows: []string{"send 11: offset 0", CheckAborted},
		},
		"a phantom": {
			script: `
0: send 11 @0 [10 20]
5: poll 0=11 1=77 [30 40]
final 0=11 1=77`,
			shows: []string{"append of a value that nobody sent", CheckPhantom},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newScript(t, config).history(row.script)
			res := Check(h, Options{})
			require.Equal(t, Violation, res.Status)
			page := picture(t, h, res)
			for _, s := range append(row.shows, "<html") {
				require.True(t, strings.Contains(page, s), "the page lacks %q", s)
			}
			for _, s := range row.not {
				require.False(t, strings.Contains(page, s), "the page has %q", s)
			}
		})
	}
}

func TestVisualizeShowsThePartOnly(t *testing.T) {
	h := longHistory(3000)
	swapAcks(h, 100, 2000)
	res := Check(h, Options{})
	require.Equal(t, Violation, res.Status)
	page := picture(t, h, res)
	appends := strings.Count(page, `"Description":"send `)
	require.Greater(t, appends, shownOps/2)
	require.LessOrEqual(t, appends, 2*shownOps)
	require.True(t, strings.Contains(page, "send 2001: offset 100"), "the page lacks the send that is out of order")
}

func TestVisualizeNothing(t *testing.T) {
	h := longHistory(50)
	require.Empty(t, picture(t, h, Check(h, Options{})), "a healthy run has no picture")
}
