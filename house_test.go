package ackproof

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/ackproof/ackproof/"

// allowed says which rooms a room may import, by the longest prefix that fits.
// A room may always import itself.
var allowed = map[string][]string{
	"broker/model":        {},
	"broker/mutant":       {},
	"broker/storage":      {"broker/model", "broker/mutant"},
	"broker/partition":    {"broker/model", "broker/mutant", "broker/storage"},
	"broker/controller":   {"broker/model", "broker/mutant", "broker/storage"},
	"broker/invariant":    {"broker/model", "broker/storage", "broker/partition", "broker/controller"},
	"broker/wire":         {"broker/model", "broker/storage", "broker/partition", "broker/controller"},
	"broker/server":       {"broker"},
	"broker":              {"broker/model", "broker/mutant", "broker/storage", "broker/partition", "broker/controller", "broker/wire"},
	"nemesis":             {"harness/timeline", "harness/stream"},
	"workloads":           {"harness/history", "harness/timeline", "harness/stream"},
	"checker":             {"harness/history"},
	"harness/history":     {},
	"harness/stream":      {},
	"harness/timeline":    {},
	"harness/cluster/sim": {"broker", "harness", "nemesis", "workloads"},
	"harness/explore":     {"broker", "harness", "nemesis", "workloads", "checker"},
	"harness":             {"harness", "nemesis", "workloads", "checker", "broker/mutant"},
	"docker":              {},
	"cmd/ackbroker":       {"broker/server"},
	"cmd/faultd":          {"nemesis"},
	"cmd/ackproof":        {"harness", "nemesis", "workloads", "checker", "broker/server", "broker/mutant"},
}

// TestImportsPointOneWay keeps the broker ignorant of its judge, the checker
// ignorant of how a history was made, and everybody away from cmd.
func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}: {{join .Imports " "}}`, "./...").CombinedOutput()
	require.NoError(t, err, string(out))
	checked := 0
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		pkg, imports, _ := strings.Cut(line, ": ")
		room, ok := strings.CutPrefix(pkg, module)
		if !ok {
			continue // the root
		}
		owner := ownerOf(room)
		require.NotEmpty(t, owner, "%s is a room without a rule: add it to the table", room)
		for _, imported := range strings.Fields(imports) {
			if target, ours := strings.CutPrefix(imported, module); ours {
				require.True(t, within(target, owner) || mayImport(target, allowed[owner]),
					"%s (rules of %s) imports %s; allowed are %v", room, owner, target, allowed[owner])
				checked++
			}
		}
	}
	require.Greater(t, checked, 30, "the test must have seen the house")
}

func ownerOf(room string) string {
	for owner := room; ; {
		if _, ok := allowed[owner]; ok {
			return owner
		}
		cut := strings.LastIndexByte(owner, '/')
		if cut < 0 {
			return ""
		}
		owner = owner[:cut]
	}
}

func mayImport(target string, rooms []string) bool {
	for _, room := range rooms {
		if within(target, room) {
			return true
		}
	}
	return false
}

func within(target, room string) bool {
	return target == room || strings.HasPrefix(target, room+"/")
}
