package harness

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ackproof/ackproof/checker"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/nemesis"
)

// Checks that the harness adds to those of the checker.
const (
	checkHarness = "harness"
	checkDeaths  = "broker-death"
)

// judgement is how strict every run is judged: it must have done some work in
// each of its three parts.
var judgement = checker.Options{MinAckedBefore: 10, MinAckedDuring: 1, MinAckedAfter: 10}

// stopping are the kinds of fault under which a node does nothing, or may be left
// doing nothing.
var stopping = map[nemesis.Kind]bool{
	nemesis.Kill: true, nemesis.Stop: true, nemesis.Pause: true, nemesis.Wipe: true, nemesis.Power: true, nemesis.Disk: true,
}

// judgementOf is judgement for one history. While most nodes are dead or paused
// nothing can be acked, and a short run may consist of such faults and the time
// it takes to recover from them: it owes no work in between.
func judgementOf(h *history.History) checker.Options {
	o := judgement
	for _, e := range h.Events {
		if f := e.Fault; f != nil && stopping[nemesis.Kind(f.Kind)] && 2*len(f.Nodes) > h.Header.Nodes {
			o.MinAckedDuring = 0
		}
	}
	return o
}

// Judge judges the run in a folder, or a history file, from what is on the
// disk. It writes nothing. Files that contradict each other are an error.
func Judge(path string) (Outcome, *history.History, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Outcome{}, nil, err
	}
	if !info.IsDir() {
		h, err := history.Load(path)
		if err != nil {
			return Outcome{}, nil, err
		}
		return Outcome{Result: checker.Check(h, judgementOf(h))}, h, nil
	}
	record, err := readRecord(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Outcome{}, nil, fmt.Errorf("%s has no %s, allowed is a folder of a run or a suite, or a history file", path, runFile)
	}
	if err != nil {
		return Outcome{}, nil, err
	}
	h, err := history.Load(filepath.Join(path, historyFile))
	if err != nil {
		return Outcome{}, nil, err
	}
	if err := consistent(path, record, h.Header); err != nil {
		return Outcome{}, nil, err
	}
	result := checker.Check(h, judgementOf(h))
	if h.Header.Schedule != "" {
		schedule, err := nemesis.Load(filepath.Join(path, ScheduleFile))
		if err != nil {
			return Outcome{}, nil, err
		}
		result = with(result, executed(schedule, h))
	}
	return Outcome{Dir: path, Record: record, Result: judge(result, record)}, h, nil
}

// judge adds to a result what only the harness could see.
func judge(result checker.Result, record Record) checker.Result {
	switch {
	case record.Failure != "":
		result = with(result, checker.Verdict{Check: checkHarness, Status: checker.Unknown, Reason: record.Failure})
	case record.Ended == "":
		result = with(result, checker.Verdict{
			Check: checkHarness, Status: checker.Unknown, Reason: "the run never ended: the harness was killed",
		})
	}
	if n := len(record.Deaths); n > 0 {
		result = with(result, checker.Verdict{
			Check: checkDeaths, Status: checker.Violation, Promised: true, Count: n, Reason: record.Deaths[0],
		})
	}
	return result
}

// with adds a verdict before the others, by the checker's own order: a promised
// violation decides before any other, a violation before unknown, unknown before
// ok. Among equals it is the headline, for it is why the others are: a run that
// was cut short has no drain, either.
func with(result checker.Result, v checker.Verdict) checker.Result {
	decides := false
	switch v.Status {
	case checker.Violation:
		decides = result.Status != checker.Violation || v.Promised
	case checker.Unknown:
		decides = result.Status != checker.Violation
	}
	result.Verdicts = append([]checker.Verdict{v}, result.Verdicts...)
	if decides {
		result.Status, result.Reason = v.Status, v.Check+": "+v.Reason
	}
	return result
}

// drawFailure writes Porcupine's picture of what failed. A violation that names
// no op has none.
func drawFailure(path string, h *history.History, result checker.Result) error {
	var picture bytes.Buffer
	if err := checker.Visualize(&picture, h, result); err != nil {
		return fmt.Errorf("draw the failure: %w", err)
	}
	if picture.Len() == 0 {
		return nil
	}
	if err := os.WriteFile(path, picture.Bytes(), 0o644); err != nil {
		return fmt.Errorf("draw the failure: %w", err)
	}
	return nil
}
