package process

import (
	"path"
	"strings"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// Pick returns what the match picks among the processes, with all descendants:
// a broker that a shell script started is stopped with the script, and the
// script with it.
func Pick(processes []Process, match agent.Match) []Process {
	picked := map[int]bool{}
	for _, p := range processes {
		if Matches(p, match) {
			picked[p.PID] = true
		}
	}
	for grown := true; grown; { // parents need not stand before their children
		grown = false
		for _, p := range processes {
			if !picked[p.PID] && picked[p.Parent] {
				picked[p.PID] = true
				grown = true
			}
		}
	}
	var result []Process
	for _, p := range processes {
		if picked[p.PID] {
			result = append(result, p)
		}
	}
	return result
}

// Matches tells whether the match names the process itself.
func Matches(p Process, match agent.Match) bool {
	if match.Name != "" && match.Name != p.Name && match.Name != path.Base(p.Exe) {
		return false
	}
	return strings.Contains(p.Cmdline, match.Cmdline)
}
