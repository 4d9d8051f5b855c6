package harness

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// A run's files vouch for each other: what run.json says of the configuration
// stands in the history's header as well, and so does the hash of schedule.json,
// whose every step is in the history.

// checkSchedule is the check that every step was executed.
const checkSchedule = "schedule"

// hashOf is the hash of a file as a history's header carries it.
func hashOf(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// consistent is an error if the files of a run's folder contradict each other.
func consistent(dir string, record Record, h history.Header) error {
	said, c := record.Config.promise(), record.Config
	for _, field := range []struct {
		name          string
		record, under any
	}{
		{"acks", said.Acks, h.Config.Acks},
		{"min_isr", said.MinISR, h.Config.MinISR},
		{"replication_factor", said.ReplicationFactor, h.Config.ReplicationFactor},
		{"unclean_election", said.UncleanElection, h.Config.UncleanElection},
		{"flush", said.Flush, h.Config.Flush},
		{"idempotent", said.Idempotent, h.Config.Idempotent},
		{"nodes", c.Nodes, h.Nodes},
		{"seed", c.Seed, h.Seed},
		{"cluster", c.Cluster, h.Cluster},
	} {
		if field.record != field.under {
			return fmt.Errorf("%s: %s is %v in %s and %v in %s, allowed is one run's files",
				dir, field.name, field.record, runFile, field.under, historyFile)
		}
	}
	if h.Schedule == "" {
		return nil
	}
	hash, err := hashOf(filepath.Join(dir, ScheduleFile))
	if err != nil {
		return err
	}
	if hash != h.Schedule {
		return fmt.Errorf("%s: schedule.json is not the one the run was made with: its hash is %.12s, allowed is %.12s",
			dir, hash, h.Schedule)
	}
	return nil
}

// executed is ok if every step of the schedule is in the history, from begin to
// heal: a history without its faults would be judged as if there had been none.
func executed(s nemesis.Schedule, h *history.History) checker.Verdict {
	var missing []string
	for _, step := range s.Steps {
		for _, part := range []struct {
			of   history.Type
			what string
		}{{history.Invoke, "begin"}, {history.Info, "heal"}} {
			found := slices.ContainsFunc(h.Events, func(e history.Event) bool {
				f := e.Fault
				return f != nil && f.Step == step.ID && f.Kind == string(step.Fault.Kind) && e.Type == part.of
			})
			if !found {
				missing = append(missing, fmt.Sprintf("the %s of step %d (%s %s)", part.what, step.ID, step.Fault.Kind, step.Fault.Target))
			}
		}
	}
	v := checker.Verdict{Check: checkSchedule, Status: checker.OK}
	if len(missing) > 0 {
		v.Status, v.Count = checker.Unknown, len(missing)
		v.Reason = "not in the history: " + strings.Join(missing[:min(len(missing), shownMissing)], ", ")
	}
	return v
}

// shownMissing is how many missing parts of steps a reason names.
const shownMissing = 4
