package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/ackproof/ackproof/harness/doctor"
)

// doctor is `ackproof doctor`: one line for each check, exit code 0 if clusters
// of child processes work here.
func (a *app) doctor(ctx context.Context, args []string) (int, error) {
	var (
		o      doctor.Options
		asJSON bool
	)
	f := a.flags("doctor", "[flags]")
	f.StringVar(&o.Dir, "results", "results", "`folder` that gets the runs' folders")
	f.StringVar(&o.Agent, "agent", "", "path of a faultd `binary` for Linux, static (default: built with Go)")
	f.BoolVar(&asJSON, "json", false, "print what was found as JSON")
	rest, err := f.parse(args)
	if err == nil {
		err = none(rest)
	}
	if err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, fmt.Errorf("find this binary: %w", err)
	}
	o.TellTime = exec.CommandContext(ctx, self, tellTime)
	o.Agent = orBeside(o.Agent, agentName)
	report := doctor.Examine(ctx, o)
	if asJSON {
		encoder := json.NewEncoder(a.stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(report.Map()); err != nil {
			return 0, err
		}
	} else {
		for _, check := range report {
			a.say("%s\n", check)
		}
	}
	if !report.Well() {
		return exitCrash, nil
	}
	return exitValid, nil
}
