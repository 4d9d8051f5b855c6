package storage

import (
	"errors"
	"fmt"
	"path"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// FlushTicket says what has to be synced for the log below UpTo to be durable.
// The driver syncs it where it likes and hands it back.
type FlushTicket struct {
	Files []File
	Dirs  []string
	UpTo  model.Offset

	generation int
	names      int
}

// Empty tells that there is nothing to sync.
func (t FlushTicket) Empty() bool { return len(t.Files) == 0 && len(t.Dirs) == 0 }

// Sync does what the ticket asks for, for callers that can wait.
func (t FlushTicket) Sync(fs FS) error {
	for _, f := range t.Files {
		if err := f.Sync(); err != nil {
			return fmt.Errorf("sync %s: %w", f.Name(), err)
		}
	}
	for _, dir := range t.Dirs {
		if err := fs.SyncDir(dir); err != nil {
			return fmt.Errorf("sync directory %s: %w", dir, err)
		}
	}
	return nil
}

// FlushedOffset is the recovery point: every record of the log below it is on
// disk. It is never below the start.
func (l *Log) FlushedOffset() model.Offset { return max(l.flushed, l.start) }

// Flush gives what has to be synced now; nothing for a failed log.
func (l *Log) Flush() FlushTicket {
	t := FlushTicket{UpTo: l.end, generation: l.generation, names: l.names}
	if l.failed != nil {
		t.UpTo = l.flushed
		return t
	}
	for _, s := range l.segments {
		if s.next > l.flushed || s.endUnsynced {
			t.Files = append(t.Files, s.file)
		}
	}
	switch l.syncedNames {
	case l.names:
	case 0:
		// The first flush of this life: nobody may have synced our own name.
		t.Dirs = []string{l.dir, path.Dir(l.dir)}
	default:
		if !l.cfg.Mutants.Has(mutant.SegmentNameUnsynced) {
			t.Dirs = []string{l.dir}
		}
	}
	return t
}

// Flushed takes the ticket back after everything on it was synced. A ticket
// from before a truncation counts for nothing: the records that it covered may
// have been replaced by others since.
func (l *Log) Flushed(t FlushTicket) {
	if t.generation != l.generation || l.failed != nil {
		return
	}
	l.flushed = max(l.flushed, t.UpTo)
	l.syncedNames = max(l.syncedNames, t.names)
	for _, s := range l.segments {
		s.endUnsynced = false
	}
}

// FlushFailed takes the ticket back after an error. The log fails with it,
// unless the file was merely closed during the sync because its segment was
// deleted: then the next Flush asks for what is left.
func (l *Log) FlushFailed(_ FlushTicket, err error) error {
	if errors.Is(err, ErrFileClosed) {
		return nil
	}
	return l.Fail(fmt.Errorf("flush: %w", err))
}
