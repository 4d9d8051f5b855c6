// Package doctor looks at this machine and says what ackproof can do on it: one
// line for each thing looked at, with what follows from it.
//
// It promises to change nothing, but for the agent's image and a container that
// removes itself on a Docker engine. It assumes that what works for a moment
// works for a run. A machine is well when clusters of child processes work on
// it; what it lacks for containers and their faults is said and is no illness.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Level is what a check came to.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Lacking Level = "lacks"  // something about containers cannot be had
	Broken  Level = "broken" // no cluster can be trusted here
)

// Check is one thing that was looked at.
type Check struct {
	Name    string
	Level   Level
	Found   string // what there is
	Follows string // what that means for runs
}

// String is the check as one line.
func (c Check) String() string {
	line := fmt.Sprintf("%-6s  %-12s  %s - %s", c.Level, c.Name, c.Found, c.Follows)
	return strings.ReplaceAll(line, "\n", "; ")
}

// Report is all checks, in the order in which they matter.
type Report []Check

// Well tells whether runs on the local cluster can be trusted here.
func (r Report) Well() bool {
	for _, c := range r {
		if c.Level == Broken {
			return false
		}
	}
	return true
}

// Map is the report for a run's record: the name of each check, and what was
// found.
func (r Report) Map() map[string]string {
	found := map[string]string{}
	for _, c := range r {
		found[c.Name] = string(c.Level) + ": " + c.Found
	}
	return found
}

// Options says where to look.
type Options struct {
	// Dir is where results will lie; "" for the working directory.
	Dir string
	// Agent is the path of faultd as in docker.Options.
	Agent string
	// TellTime is a command that calls clock.Answer, on which skewed clocks are
	// tried; nil to leave that check out. It is started.
	TellTime *exec.Cmd
}

// Examine makes all checks. What goes wrong is in the report.
func Examine(ctx context.Context, o Options) Report {
	return append(Local(o), Containers(ctx, o)...)
}

// Local makes the checks that clusters of child processes hang on.
func Local(o Options) Report {
	if o.Dir == "" {
		o.Dir = "."
	}
	report := Report{disk("disk", o.Dir), wallClock(), ports()}
	if o.TellTime != nil {
		report = append(report, childClocks(o.TellTime))
	}
	return report
}

// Lacks says what is wrong according to a check, or is "" if nothing is, or
// nobody looked.
func (r Report) Lacks(name string) string {
	for _, c := range r {
		if c.Name == name && c.Level != OK {
			return cmp.Or(strings.TrimPrefix(c.Found, "no: "), "no reason is known")
		}
	}
	return ""
}
