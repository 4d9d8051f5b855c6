// Package osfs is storage's file system over the operating system's.
//
// It promises the contract of storage.FS on a POSIX disk and assumes that no
// other process writes the same files. It is a package of its own so that the
// deterministic core, which may not touch the operating system, can import
// storage without it.
package osfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/ackproof/ackproof/broker/storage"
)

// FS reaches the real disk. The zero value is ready to use.
type FS struct{}

// New gives the real file system.
func New() FS { return FS{} }

// OpenFile implements storage.FS.
func (FS) OpenFile(name string) (storage.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &file{os: f, size: info.Size()}, nil
}

// Remove implements storage.FS.
func (FS) Remove(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// RemoveAll implements storage.FS.
func (FS) RemoveAll(dir string) error { return os.RemoveAll(dir) }

// Rename implements storage.FS.
func (FS) Rename(from, to string) error { return os.Rename(from, to) }

// List implements storage.FS.
func (FS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names, nil
}

// MkdirAll implements storage.FS.
func (FS) MkdirAll(dir string) error { return os.MkdirAll(dir, 0o755) }

// SyncDir implements storage.FS.
func (FS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Exists implements storage.FS.
func (FS) Exists(name string) (bool, error) {
	_, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// file remembers its size, so that an append is a single write.
type file struct {
	os   *os.File
	size int64
}

func (f *file) Name() string { return f.os.Name() }

func (f *file) Append(bufs ...[]byte) error {
	end := f.size
	for _, b := range bufs {
		n, err := f.os.WriteAt(b, end)
		end += int64(n)
		if err != nil {
			return f.takeBack(closedOr(err))
		}
	}
	f.size = end
	return nil
}

// takeBack cuts off the bytes of a failed append.
func (f *file) takeBack(cause error) error {
	if err := f.os.Truncate(f.size); err != nil {
		return fmt.Errorf("append %s: %w, and its first bytes stay: %w", f.Name(), cause, err)
	}
	return fmt.Errorf("append %s: %w", f.Name(), cause)
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.os.ReadAt(p, off)
	return n, closedOr(err)
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.os.WriteAt(p, off)
	f.size = max(f.size, off+int64(n))
	return n, closedOr(err)
}

func (f *file) Truncate(size int64) error {
	if err := f.os.Truncate(size); err != nil {
		return closedOr(err)
	}
	f.size = size
	return nil
}

func (f *file) Size() (int64, error) { return f.size, nil }

func (f *file) Sync() error { return closedOr(f.os.Sync()) }

func (f *file) Close() error { return closedOr(f.os.Close()) }

func closedOr(err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return fmt.Errorf("%w: %w", storage.ErrFileClosed, err)
	}
	return err
}
