package explore

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Folder is where an exploration keeps how far it has come and what it found, so
// that it can go on after it was interrupted, or its machine was.
type Folder struct{ Dir string }

// Names in a Folder.
const (
	stateFile     = "explore.json"
	failureFolder = "failures"
)

// StateFormat and StateVersion name the format of explore.json.
const (
	StateFormat  = "ackproof-exploration"
	StateVersion = 1
)

// stored is explore.json.
type stored struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	orders
	State State `json:"state"`
}

// Open makes the folder, or finds the exploration that is in it.
func Open(dir string) (Folder, error) {
	if err := os.MkdirAll(filepath.Join(dir, failureFolder), 0o755); err != nil {
		return Folder{}, fmt.Errorf("explore: %w", err)
	}
	return Folder{dir}, nil
}

// Load returns what Save wrote: what was explored, and how far.
func (f Folder) Load() (b Bounds, blackBox bool, s State, err error) {
	path := filepath.Join(f.Dir, stateFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return b, false, s, fmt.Errorf("nothing to resume: %w", err)
	}
	var was stored
	if err := json.Unmarshal(data, &was); err != nil {
		return b, false, s, fmt.Errorf("explore: %s: %w", path, err)
	}
	if was.Format != StateFormat || was.Version != StateVersion {
		return b, false, s, fmt.Errorf("explore: %s: format %q version %d: allowed is %q version %d",
			path, was.Format, was.Version, StateFormat, StateVersion)
	}
	return was.Bounds, was.BlackBox, was.State, nil
}

// Save writes down what is explored, and how far. A reader finds the old file or
// the new one, never a part.
func (f Folder) Save(b Bounds, blackBox bool, s State) error {
	data, err := json.MarshalIndent(stored{
		Format: StateFormat, Version: StateVersion, orders: orders{Bounds: b, BlackBox: blackBox}, State: s,
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("explore: %w", err)
	}
	path := filepath.Join(f.Dir, stateFile)
	err = errors.Join(os.WriteFile(path+".new", append(data, '\n'), 0o644), os.Rename(path+".new", path))
	if err != nil {
		return fmt.Errorf("explore: %w", err)
	}
	return nil
}

// Keep writes a failing case down and returns its path.
func (f Folder) Keep(found Found) (string, error) {
	name := strings.NewReplacer(" ", "-", ":", "-").Replace(found.Failure.Class + "-" + found.Case.Name)
	path := filepath.Join(f.Dir, failureFolder, name+".json")
	return path, found.Case.Save(path)
}
