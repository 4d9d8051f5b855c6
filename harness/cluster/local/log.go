package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// nodeLog is the file to which all incarnations of a node write. Lines of the
// harness in it begin with "--- ".
type nodeLog struct {
	file  *os.File
	begin atomic.Int64 // where the present incarnation's lines begin
}

func openLog(path string) (*nodeLog, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open node log: %w", err)
	}
	return &nodeLog{file: file}, nil
}

// note writes a line of the harness. A log that cannot be written is no reason
// to fail a run.
func (l *nodeLog) note(format string, args ...any) {
	fmt.Fprintf(l.file, "--- %s %s\n", time.Now().UTC().Format(time.RFC3339Nano), fmt.Sprintf(format, args...))
}

// mark notes that what follows is of a new incarnation.
func (l *nodeLog) mark() {
	if end, err := l.file.Seek(0, io.SeekEnd); err == nil {
		l.begin.Store(end)
	}
}

// tailBytes is how much of a log's end is looked at.
const tailBytes = 16 << 10

// tail is the end of what the present incarnation wrote.
func (l *nodeLog) tail() []byte {
	info, err := l.file.Stat()
	if err != nil {
		return nil
	}
	text := make([]byte, min(info.Size()-l.begin.Load(), tailBytes))
	n, err := l.file.ReadAt(text, info.Size()-int64(len(text)))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return text[:n]
}

// lastWords is the last line that the present incarnation wrote, for messages.
func (l *nodeLog) lastWords() string {
	lines := bytes.Split(bytes.TrimSpace(l.tail()), []byte("\n"))
	for i := len(lines) - 1; i >= 0; i-- {
		if len(lines[i]) > 0 && !bytes.HasPrefix(lines[i], []byte("--- ")) {
			return string(lines[i])
		}
	}
	return "it wrote nothing"
}

// portTaken says whether the present incarnation found its port in use.
func (l *nodeLog) portTaken() bool {
	return bytes.Contains(l.tail(), []byte("address already in use"))
}
