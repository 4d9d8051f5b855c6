package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ackproof/ackproof/checker"
)

// Format and Version name the format of run.json.
const (
	Format  = "ackproof-run"
	Version = 1
)

// ScheduleFile is the name of a run's schedule in its folder.
const ScheduleFile = "schedule.json"

// Names of the other files in a run's folder. Node logs are node-N.log.
const (
	runFile     = "run.json"
	historyFile = "history.jsonl"
	verdictFile = "verdict.json"
	junitFile   = "junit.xml"
	failureFile = "failure.html"
)

// Record is run.json: how the run was made and how it went. What went wrong
// with the harness or the cluster is here, for a history cannot tell it.
type Record struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Run     string `json:"run"`
	// Started and Ended are wall clock, RFC 3339; Ended is empty while the run
	// goes on, and for ever if its harness was killed.
	Started string `json:"started"`
	Ended   string `json:"ended,omitempty"`
	Broker  string `json:"broker"`
	Config  Config `json:"config"`
	// Cluster is how the cluster describes itself.
	Cluster map[string]string `json:"cluster,omitempty"`
	// Failure is why the harness could not finish; empty if it did.
	Failure string `json:"failure,omitempty"`
	// Deaths are brokers that ended although nobody ended them.
	Deaths []string `json:"deaths,omitempty"`
}

// stamped is a name that begins with the time, so that folders sort by it.
func stamped(now time.Time, name string) string {
	return now.UTC().Format("20060102-150405") + "-" + name
}

// newFolder makes a folder in results that did not exist: if the name is taken,
// a number is added to it.
func newFolder(results, name string) (string, error) {
	if err := os.MkdirAll(results, 0o755); err != nil {
		return "", badResults(results, err)
	}
	for n := 1; ; n++ {
		dir := filepath.Join(results, name)
		if n > 1 {
			dir = fmt.Sprintf("%s-%d", dir, n)
		}
		err := os.Mkdir(dir, 0o755)
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", badResults(results, err)
		}
	}
}

// badResults is the error for a folder of results in which no other can be made.
func badResults(results string, err error) error {
	return &InputError{fmt.Errorf("results is %q, allowed is a folder that can be written to: %w", results, err)}
}

// writeJSON replaces path as a whole: who reads it meanwhile, or after a kill,
// reads the old or the new one.
func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	next := path + ".new"
	if err := os.WriteFile(next, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// readRecord reads run.json of a run's folder.
func readRecord(dir string) (Record, error) {
	path := filepath.Join(dir, runFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return Record{}, err
	}
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return Record{}, fmt.Errorf("%s: %w", path, err)
	}
	if r.Format != Format {
		return r, fmt.Errorf("%s: format is %q, allowed is %q", path, r.Format, Format)
	}
	if r.Version != Version {
		return r, fmt.Errorf("%s: version is %d, allowed is %d", path, r.Version, Version)
	}
	return r, nil
}

// Outcome is a run that has been judged.
type Outcome struct {
	Dir    string // its folder; empty for a history without one
	Record Record
	Result checker.Result
}
