package main

import (
	"os"

	"golang.org/x/term"

	"github.com/ackproof/ackproof/harness/report"
)

// progress writes to stderr, so that stdout holds results alone. In CI a line
// that is written over would only fill the log.
func (a *app) progress() *report.Progress {
	f, ok := a.stderr.(*os.File)
	if !ok || os.Getenv("CI") != "" || !term.IsTerminal(int(f.Fd())) {
		return report.NewProgress(a.stderr, false, 0)
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width = 80
	}
	return report.NewProgress(a.stderr, true, width)
}
