package storage

import (
	"errors"
	"fmt"
	"io"
	"path"
)

// Errors of the file-system seam.
var (
	// ErrNotExist says that a file or its directory is missing.
	ErrNotExist = errors.New("no such file or directory")
	// ErrNoSpace says that the disk is full.
	ErrNoSpace = errors.New("no space left on device")
	// ErrFileClosed is returned by a file that was closed. A sync that loses a
	// race with the removal of its file ends in it, which is no disk failure.
	ErrFileClosed = errors.New("file already closed")
)

// FS is the one seam to the disk. Paths are slash-separated. Removing what is
// not there is no error. A created, renamed or removed name is durable only
// once SyncDir of its directory has returned.
type FS interface {
	// OpenFile opens for reading and writing and creates a missing file. The
	// directory must exist.
	OpenFile(path string) (File, error)
	Remove(path string) error
	RemoveAll(dir string) error
	// Rename replaces the target atomically.
	Rename(from, to string) error
	// List gives the names in a directory, sorted; a missing one is empty.
	List(dir string) ([]string, error)
	MkdirAll(dir string) error
	SyncDir(dir string) error
	Exists(path string) (bool, error)
}

// File is one open file. Its calls come from one goroutine, except Sync.
type File interface {
	// Append writes the buffers one after the other at the end. When it fails
	// the file keeps the length it had, unless the error says otherwise.
	Append(bufs ...[]byte) error
	// ReadAt follows io.ReaderAt.
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	Truncate(size int64) error
	// Size is in bytes.
	Size() (int64, error)
	// Sync makes what was written before the call durable. It may be called
	// from another goroutine than the rest.
	Sync() error
	Close() error
	Name() string
}

const tempSuffix = ".tmp"

// WriteFileAtomic replaces a file's content: readers see the old or the new one.
// With sync the new content is durable on return. Without, a power loss may
// leave the old file, the new one or an empty one, so the content must carry a
// checksum or be safe to lose.
func WriteFileAtomic(fs FS, name string, data []byte, sync bool) error {
	temp := name + tempSuffix
	if err := writeWhole(fs, temp, data, sync); err != nil {
		return fmt.Errorf("write %s: %w", temp, err)
	}
	if err := fs.Rename(temp, name); err != nil {
		return fmt.Errorf("rename %s: %w", temp, err)
	}
	if !sync {
		return nil
	}
	if err := fs.SyncDir(path.Dir(name)); err != nil {
		return fmt.Errorf("sync directory of %s: %w", name, err)
	}
	return nil
}

func writeWhole(fs FS, name string, data []byte, sync bool) (err error) {
	f, err := fs.OpenFile(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Truncate(0); err != nil {
		return err
	}
	if err := f.Append(data); err != nil {
		return err
	}
	if sync {
		return f.Sync()
	}
	return nil
}

// ReadFile reads a whole file; found is false when there is none.
func ReadFile(fs FS, name string) (data []byte, found bool, err error) {
	if found, err = fs.Exists(name); err != nil || !found {
		return nil, false, err
	}
	f, err := fs.OpenFile(name)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err != nil {
		return nil, false, err
	}
	data = make([]byte, size)
	if err := readFull(f, data, 0); err != nil {
		return nil, false, fmt.Errorf("read %s: %w", name, err)
	}
	return data, true, nil
}

// readFull fills p; fewer bytes than that are an error.
func readFull(f File, p []byte, off int64) error {
	n, err := f.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at %d of %s: %w", len(p), off, f.Name(), err)
}
