package docker

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// nodeLog is a node's log over all its incarnations: what the broker's
// container printed, between lines of ours that start with "--- ". Those of the
// agent start with "--- agent: ".
//
// It follows the container itself. Testcontainers' log consumers end with a
// container that is killed past them, and say everything twice after a restart.
type nodeLog struct {
	mu   sync.Mutex
	file *os.File
	last string // the present incarnation's last line

	// Where the follower stands in what the engine keeps: the time of the last
	// line, and how many lines had that very time.
	until time.Time
	same  int
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

// follow copies what the container prints until it ends, which is when it is
// called again for the next incarnation.
func (l *nodeLog) follow(ctx context.Context, e *Engine, container string) error {
	options := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: true, Timestamps: true}
	if !l.until.IsZero() {
		options.Since = fmt.Sprintf("%d.%09d", l.until.Unix(), l.until.Nanosecond())
	}
	stream, err := e.api.ContainerLogs(ctx, container, options)
	if err != nil {
		return fmt.Errorf("follow the log: %w", explain(err))
	}
	defer stream.Close()
	read, write := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(write, write, stream)
		write.CloseWithError(err) // io.EOF if nil
	}()
	defer func() { _ = read.Close() }() // ends the copying
	return l.take(read)
}

// take appends the lines that are new. The engine gives the last known ones
// again, as they are not older than what it was asked for.
func (l *nodeLog) take(stamped io.Reader) error {
	known := l.same
	lines := bufio.NewReader(stamped)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			at, text, ok := cutStamp(line)
			switch {
			case !ok:
				l.append(text)
			case at.After(l.until):
				l.until, l.same, known = at, 1, 0
				l.append(text)
			case at.Before(l.until):
			case known > 0:
				known--
			default:
				l.same++
				l.append(text)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow the log: %w", explain(err))
		}
	}
}

// cutStamp takes the engine's time off a line.
func cutStamp(line string) (at time.Time, text string, ok bool) {
	stamp, text, _ := strings.Cut(line, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return at, line, false
	}
	return at, text, true
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
