package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ackproof/ackproof/checker"
)

// suiteFiles are the files that a Suite is written to.
var suiteFiles = []string{"suite.json", "compare.json", "replay.json"}

// ReadSuite reads the table in a folder of many runs; fs.ErrNotExist says that
// the folder is not of that kind.
func ReadSuite(dir string) (Suite, error) {
	for _, file := range suiteFiles {
		path := filepath.Join(dir, file)
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Suite{}, err
		}
		s := Suite{Dir: dir}
		if err := json.Unmarshal(data, &s); err != nil {
			return s, fmt.Errorf("%s: %w", path, err)
		}
		if s.Format != SuiteFormat {
			return s, fmt.Errorf("%s: format is %q, allowed is %q", path, s.Format, SuiteFormat)
		}
		if s.Version != Version {
			return s, fmt.Errorf("%s: version is %d, allowed is %d", path, s.Version, Version)
		}
		// The folder may have been moved since; its rows are in it.
		for i, r := range s.Rows {
			if r.Dir != "" {
				s.Rows[i].Dir = filepath.Join(dir, filepath.Base(r.Dir))
			}
		}
		return s, nil
	}
	return Suite{}, fmt.Errorf("%s has no table of runs: %w", dir, fs.ErrNotExist)
}

// Judge judges the suite's runs again, from what is on the disk, and grades each
// as the suite did. A row without a run keeps its grade.
func (s Suite) Judge() (Suite, error) {
	rows := make([]Row, len(s.Rows))
	for i, row := range s.Rows {
		if row.Dir != "" {
			out, _, err := Judge(row.Dir)
			if err != nil {
				return s, err
			}
			row.judged(s.expectation(row), out.Result)
		}
		rows[i] = row
	}
	s.Rows = rows
	s.Status = statusOf(rows)
	return s, nil
}

func (s Suite) expectation(row Row) expectation {
	switch {
	case row.Control:
		return mustLose
	case s.Name == "replay":
		return asJudged
	}
	return keepsPromises
}

// statusOf is the worst grade of rows.
func statusOf(rows []Row) checker.Status {
	return []checker.Status{checker.OK, checker.Violation, checker.Unknown}[Exit(rows)]
}
