package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Recorder appends events to a history file. It is safe for concurrent use.
// Index and Time are given under one lock, so the order of lines is the order
// of times: what the file says happened first was recorded first.
type Recorder struct {
	base      time.Time
	processes atomic.Int64

	mu     sync.Mutex
	file   *os.File
	next   int64
	err    error
	closed bool
}

// Create starts a history at path and writes its header; Format and Version
// are filled in. An existing file is refused: a history is evidence, and
// evidence is not overwritten.
func Create(path string, h Header) (*Recorder, error) {
	h.Format, h.Version = Format, Version
	line, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("history: create %s: header: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("history: create: %w", err)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return nil, errors.Join(fmt.Errorf("history: create %s: %w", path, err), f.Close())
	}
	return &Recorder{base: time.Now(), file: f}, nil
}

// Record appends e, with Index and Time set, and returns it as written.
//
// Every event is one write system call of one whole line. The page cache keeps
// it when this process is killed, so SIGKILL tears the last line at most; and
// at a few microseconds per event a batch would save nothing that a workload
// could notice. The first IO error sticks: later events are dropped, so that
// a torn line can only be the last one.
func (r *Recorder) Record(e Event) Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Index = r.next
	e.Time = int64(time.Since(r.base))
	r.next++
	if r.err != nil {
		return e
	}
	if r.closed {
		r.err = fmt.Errorf("history: event %d (%s %s) recorded after Close", e.Index, e.Type, e.F)
		return e
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = r.file.Write(append(line, '\n'))
	}
	if err != nil {
		r.err = fmt.Errorf("history: record event %d: %w", e.Index, err)
	}
	return e
}

// NextProcess returns a process id that was not used before, from 0 up. A
// client takes a new one after each info: nobody knows whether the old
// process's last op still runs.
func (r *Recorder) NextProcess() int {
	return int(r.processes.Add(1)) - 1
}

// Since returns the time on the recorder's monotonic base, which is that of
// every event's Time.
func (r *Recorder) Since() time.Duration {
	return time.Since(r.base)
}

// At returns where t, which must carry a monotonic reading, lies on that base.
func (r *Recorder) At(t time.Time) time.Duration {
	return t.Sub(r.base)
}

// Err returns the first IO error, if there was one.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Close syncs and closes the file, and returns the first error of all. A
// second Close does nothing but return it again.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return r.err
	}
	r.closed = true
	if err := errors.Join(r.file.Sync(), r.file.Close()); err != nil && r.err == nil {
		r.err = fmt.Errorf("history: close: %w", err)
	}
	return r.err
}
