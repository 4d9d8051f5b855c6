package storage

import (
	"fmt"
	"io"
)

// memFile is an open file of a MemFS. It stays usable after its name was
// removed, as on Unix, but not after a crash.
type memFile struct {
	fs     *MemFS
	node   *memNode
	name   string
	life   int
	closed bool
}

func (f *memFile) Name() string { return f.name }

func (f *memFile) usable(op Op) error {
	if f.closed || f.life != f.fs.life {
		return fmt.Errorf("%s %s: %w", op, f.name, ErrFileClosed)
	}
	return f.fs.fail(op, f.name)
}

func (f *memFile) Append(bufs ...[]byte) error {
	if f.closed || f.life != f.fs.life {
		return fmt.Errorf("append %s: %w", f.name, ErrFileClosed)
	}
	if f.fs.Interrupt != nil {
		f.fs.Interrupt()
	}
	var total int64
	for _, b := range bufs {
		total += int64(len(b))
	}
	failure, failing := f.fs.takeFailure(OpAppend)
	if !failing && f.fs.bounded && total > f.fs.space {
		failure, failing = injected{err: ErrNoSpace}, true
		f.fs.refused++
	}
	if !failing {
		for _, b := range bufs {
			f.node.data = append(f.node.data, b...)
		}
		f.fs.space -= total
		return nil
	}
	left := failure.keep
	for _, b := range bufs {
		n := min(left, len(b))
		f.node.data = append(f.node.data, b[:n]...)
		left -= n
	}
	return fmt.Errorf("append %s: %w", f.name, failure.err)
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.usable(OpRead); err != nil {
		return 0, err
	}
	if off >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.usable(OpWriteAt); err != nil {
		return 0, err
	}
	if missing := off + int64(len(p)) - int64(len(f.node.data)); missing > 0 {
		if f.fs.bounded && missing > f.fs.space {
			f.fs.refused++
			return 0, fmt.Errorf("write %s: %w", f.name, ErrNoSpace)
		}
		f.fs.space -= missing
		f.node.data = append(f.node.data, make([]byte, missing)...)
	}
	f.node.dirtyFrom = min(f.node.dirtyFrom, int(off))
	return copy(f.node.data[off:], p), nil
}

func (f *memFile) Truncate(size int64) error {
	if err := f.usable(OpTruncate); err != nil {
		return err
	}
	n := f.node
	if grow := size - int64(len(n.data)); grow > 0 {
		n.data = append(n.data, make([]byte, grow)...)
		return nil
	}
	f.fs.space += int64(len(n.data)) - size
	n.data = n.data[:size]
	n.dirtyFrom = min(n.dirtyFrom, int(size))
	return nil
}

func (f *memFile) Size() (int64, error) { return int64(len(f.node.data)), nil }

func (f *memFile) Sync() error {
	if err := f.usable(OpSync); err != nil {
		return err
	}
	n := f.node
	n.synced = append(n.synced[:n.dirtyFrom], n.data[n.dirtyFrom:]...)
	n.dirtyFrom = len(n.data)
	return nil
}

func (f *memFile) Close() error {
	f.closed = true
	return nil
}
