package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ackproof/ackproof/harness"
)

// A measured table stands between these lines of its document.
const (
	tableBegin = "<!-- measured by make %s -->\n"
	tableEnd   = "<!-- end -->\n"
)

// benchFaults is `ackproof bench --faults`: how long faults take to apply and to
// heal on each kind of cluster, as a table, into a document if one is named.
func (a *app) benchFaults(ctx context.Context, rounds int, into string) (int, error) {
	if into != "" {
		if _, err := replaceTable(into, "faults", ""); err != nil {
			return 0, &harness.InputError{Err: err}
		}
	}
	dir, err := os.MkdirTemp("", "ackproof-bench-")
	if err != nil {
		return 0, err
	}
	a.atEnd(func() { _ = os.RemoveAll(dir) })
	measured := map[string][]harness.FaultTime{}
	for _, kind := range harness.Clusters {
		c := harness.Defaults()
		c.Cluster = kind
		err := a.machine(ctx, &c)
		var cannot *harness.InputError
		if errors.As(err, &cannot) {
			a.warn("not measured: %s\n", oneLine(err))
			continue
		}
		if err != nil {
			return 0, err
		}
		measured[kind], err = harness.MeasureFaults(ctx, c, filepath.Join(dir, kind), rounds, func(f harness.FaultTime) {
			a.warn("%s  %s: %s\n", kind, f.Fault, applyAndHeal(f))
		})
		if err != nil {
			return 0, fmt.Errorf("%s cluster: %w", kind, err)
		}
	}
	table := faultTable(measured)
	a.say("medians of %d\n\n%s", rounds, table)
	if into == "" {
		return exitValid, nil
	}
	text, err := replaceTable(into, "faults", table)
	if err != nil {
		return 0, err
	}
	return exitValid, os.WriteFile(into, []byte(text), 0o644)
}

// faultTable sets the times of clusters side by side, in Markdown.
func faultTable(measured map[string][]harness.FaultTime) string {
	var kinds, faults []string
	byFault := map[string]map[string]harness.FaultTime{}
	for _, kind := range harness.Clusters {
		if measured[kind] == nil {
			continue
		}
		kinds = append(kinds, kind)
		for _, f := range measured[kind] {
			if byFault[f.Fault] == nil {
				faults = append(faults, f.Fault)
				byFault[f.Fault] = map[string]harness.FaultTime{}
			}
			byFault[f.Fault][kind] = f
		}
	}
	var table strings.Builder
	fmt.Fprintf(&table, "| fault | %s: apply, heal | evidence, of one of them |\n", strings.Join(kinds, ": apply, heal | "))
	fmt.Fprintf(&table, "|---|%s---|\n", strings.Repeat("---|", len(kinds)))
	for _, fault := range faults {
		fmt.Fprintf(&table, "| %s |", fault)
		evidence := ""
		for _, kind := range kinds {
			f := byFault[fault][kind]
			fmt.Fprintf(&table, " %s |", applyAndHeal(f))
			if f.Evidence != "" {
				evidence = f.Evidence
			}
		}
		fmt.Fprintf(&table, " %s |\n", evidence)
	}
	return table.String()
}

func applyAndHeal(f harness.FaultTime) string {
	if f.Cannot != "" {
		return "cannot: " + f.Cannot
	}
	return fmt.Sprintf("%s, %s", inMillis(f.Apply), inMillis(f.Heal))
}

func inMillis(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

// replaceTable is the document's text with another table, that of a target of make.
func replaceTable(path, target, table string) (string, error) {
	begin := fmt.Sprintf(tableBegin, target)
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("into: %w", err)
	}
	before, rest, begins := strings.Cut(string(data), begin)
	_, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		return "", fmt.Errorf("into: %s has no place for the table, allowed is a document with the lines %q and %q",
			path, strings.TrimSpace(begin), strings.TrimSpace(tableEnd))
	}
	return before + begin + table + tableEnd + after, nil
}
