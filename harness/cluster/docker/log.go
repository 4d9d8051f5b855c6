package docker

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// nodeLog is a node's log over all its incarnations: what the broker's
// container printed, between lines of ours that start with "--- ". Those of the
// agent start with "--- agent: ".
//
// It takes what the broker prints, not what the engine keeps of it: an engine
// whose disk is full keeps nothing, least of all the broker's word that it is.
type nodeLog struct {
	mu   sync.Mutex
	file *os.File
	last string // the present incarnation's last line
}

func openLog(path string) (*nodeLog, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open node log: %w", err)
	}
	return &nodeLog{file: file}, nil
}

// note writes a line of the harness. A log that cannot be written is no reason
// to fail a run.
func (l *nodeLog) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.file, "--- %s %s\n", time.Now().UTC().Format(time.RFC3339Nano), fmt.Sprintf(format, args...))
}

// begin notes that what follows is of a new incarnation.
func (l *nodeLog) begin(incarnation int) {
	l.note("start %d", incarnation)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = ""
}

// lastWords is the last line that the present incarnation wrote, for messages.
func (l *nodeLog) lastWords() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == "" {
		return "it wrote nothing"
	}
	return l.last
}

// follow copies what the present incarnation prints until it ends.
func (l *nodeLog) follow(printed io.Reader) error {
	lines := bufio.NewReader(printed)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			l.append(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow the log: %w", explain(err))
		}
	}
}

func (l *nodeLog) append(text string) {
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = strings.TrimSpace(text)
	_, _ = l.file.WriteString(text) // see note
}

func (l *nodeLog) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}

// agentNotes puts what the agent says beside its answers into the node's log.
type agentNotes struct{ log *nodeLog }

func (a agentNotes) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		a.log.note("agent: %s", strings.TrimSpace(line))
	}
	return len(text), nil
}
