package janitor

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCleanRemovesEverythingAndItselfLast(t *testing.T) {
	self, err := os.Hostname()
	require.NoError(t, err)
	e := startEngine(t, map[string][]string{
		"containers": {"c1aaaaaaaaaaaaaa", self + "ffff", "c2aaaaaaaaaaaaaa"},
		"networks":   {"n1aaaaaaaaaaaaaa"},
		"volumes":    {"data-1", "data-2"},
	})
	var log strings.Builder
	require.NoError(t, clean(t.Context(), label, e.socket, 0, &log))
	require.Empty(t, e.left())
	require.Equal(t, []string{"containers", "containers", "networks", "volumes", "volumes", "containers"}, e.order)
	require.True(t, strings.HasSuffix(log.String(), "removed container "+self+"ffff\n"), log.String())
	for _, line := range []string{"removed container c1aaaaaaaaaa\n", "removed network n1aaaaaaaaaa\n", "removed volume data-2\n"} {
		require.Contains(t, log.String(), line)
	}
}

func TestCleanComesBackForWhatIsStillInUse(t *testing.T) {
	e := startEngine(t, map[string][]string{"containers": {"c1"}, "networks": {"n1"}, "volumes": {"v1"}})
	refusals := map[string][]int{
		"containers": {http.StatusConflict},                      // its removal is under way
		"networks":   {http.StatusForbidden},                     // it has endpoints
		"volumes":    {http.StatusConflict, http.StatusConflict}, // a container uses it
	}
	e.onRemove = func(kind, _ string) int {
		if len(refusals[kind]) == 0 {
			return 0
		}
		status := refusals[kind][0]
		refusals[kind] = refusals[kind][1:]
		return status
	}
	var log strings.Builder
	require.NoError(t, clean(t.Context(), label, e.socket, 0, &log))
	require.Empty(t, e.left())
}

func TestCleanEmptiesANetworkThatIsInUse(t *testing.T) {
	e := startEngine(t, map[string][]string{"networks": {"n1"}})
	e.inUse = map[string][]string{"n1": {"a-stranger", "agent-of-node-1"}}
	require.NoError(t, clean(t.Context(), label, e.socket, 0, &strings.Builder{}))
	require.Empty(t, e.left())
}

func TestCleanWaitsForWhatTheEngineIsStillMaking(t *testing.T) {
	e := startEngine(t, map[string][]string{})
	passes := 0
	e.onList = func(kind string) {
		if kind != "containers" {
			return
		}
		if passes++; passes == 2 { // the first found nothing
			e.things["networks"] = []string{"late"}
		}
	}
	require.NoError(t, clean(t.Context(), label, e.socket, time.Second, &strings.Builder{}))
	require.Equal(t, []string{"networks"}, e.order)
	require.Empty(t, e.left())
}

func TestCleanNamesWhatIsLeft(t *testing.T) {
	e := startEngine(t, map[string][]string{"volumes": {"v1"}})
	e.onRemove = func(string, string) int { return http.StatusInternalServerError }
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := clean(ctx, label, e.socket, 0, &strings.Builder{})
	require.ErrorContains(t, err, "1 things with com.example.run=r42 are left")
	require.ErrorContains(t, err, "DELETE /volumes/v1: 500 Internal Server Error: refused by the test")
}

func TestRunNamesWhatIsWrong(t *testing.T) {
	tests := map[string]struct{ label, want string }{
		"no value":     {"run", `label "run": allowed is LABEL=VALUE`},
		"empty value":  {"run=", `label "run=": allowed is LABEL=VALUE`},
		"empty label":  {"=r1", `label "=r1": allowed is LABEL=VALUE`},
		"no engine":    {"run=r1", "no such file or directory"},
		"whose engine": {"run=r1", "engine at "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := Run(test.label, strings.NewReader(""), filepath.Join(t.TempDir(), "none.sock"), &strings.Builder{})
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestRunCleansWhenTheHarnessIsGone(t *testing.T) {
	e := startEngine(t, map[string][]string{"containers": {"c1"}, "volumes": {"v1"}})
	var log strings.Builder
	require.NoError(t, Run(label, strings.NewReader("hello\n"), e.socket, &log))
	require.Empty(t, e.left())
	require.Contains(t, log.String(), "the harness is gone, removing everything with "+label)
}
