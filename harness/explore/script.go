package explore

import (
	"fmt"
	"strings"

	"github.com/ackproof/ackproof/harness/explore/trace"
	"github.com/ackproof/ackproof/harness/trial"
)

// Script is the case as a script in the format of cockroachdb/datadriven: what it
// shows, the case, and what comes of it. Reading it is the purpose; run again it
// says what has changed.
func (c Case) Script(blackBox bool) (string, error) {
	if c.Expect != nil { // a build's hash is no part of the story
		c.Expect = &Expectation{Failure: c.Expect.Failure}
	}
	told, err := c.Tell(blackBox)
	if err != nil {
		return "", err
	}
	text, err := c.text()
	if err != nil {
		return "", err
	}
	directive := simulateDirective
	if blackBox {
		directive += " " + blackBoxArgument
	}
	return fmt.Sprintf("# %s.\n%s\n%s----\n%s", c.Name, directive, text, told), nil
}

// The words of a script.
const (
	simulateDirective = "simulate"
	blackBoxArgument  = "black-box"
)

// Tell simulates the case and tells what happens in it: from the topic's
// creation on, and of the drain, which moves leaders about, only what clients see.
func (c Case) Tell(blackBox bool) (string, error) {
	var story strings.Builder
	begun, drains := false, false
	tell := func(l trace.Line) {
		stage := l.Who == trace.Stage
		begun = begun || stage
		drains = drains || stage && l.Text == trial.Draining
		if begun && (!drains || stage || l.Who == trace.Clients) {
			fmt.Fprintln(&story, l)
		}
	}
	out, err := Simulate(c, Look{BlackBox: blackBox, Trace: trace.New(trace.Filter{Partition: trace.NoPartition}, tell)})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%sverdict: %v\n", story.String(), out.Failure), nil
}
