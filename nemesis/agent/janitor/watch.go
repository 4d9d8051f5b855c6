package janitor

import (
	"bufio"
	"io"
	"time"
)

// HelloLimit is how long a harness may take from the janitor's start to its
// first line.
const HelloLimit = 20 * time.Second

// Bye is the line of a harness that has removed everything itself. Without it,
// what the engine was still busy making when the harness died is waited for.
const Bye = "bye"

// farewell is how a harness went.
type farewell struct {
	how      string
	expected bool // it said Bye
}

// await returns when the harness is gone: its pipe ended, or it never sent a
// line.
func await(harness io.Reader, limit time.Duration) farewell {
	hello := make(chan struct{})
	last := make(chan string, 1) // the last line, when the pipe ends
	go func() {
		lines := bufio.NewScanner(harness)
		line := ""
		for lines.Scan() { // whatever ends it, it is the end
			if line == "" {
				close(hello)
			}
			line = lines.Text() + "\n"
		}
		last <- line
	}()
	silence := time.NewTimer(limit)
	defer silence.Stop()
	select {
	case <-hello:
		return gone(<-last)
	case line := <-last:
		return gone(line)
	case <-silence.C:
		return farewell{"the harness has not spoken for " + limit.String(), false}
	}
}

// gone tells from the last line how a harness went.
func gone(last string) farewell {
	switch last {
	case "":
		return farewell{"the harness is gone before it spoke", false}
	case Bye + "\n":
		return farewell{"the harness said " + Bye, true}
	}
	return farewell{"the harness is gone", false}
}
