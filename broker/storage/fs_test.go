package storage_test

import (
	"errors"
	"io"
	"path"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/broker/storage/osfs"
)

// eachFS runs a test on every file system, in a directory that exists.
func eachFS(t *testing.T, test func(t *testing.T, fs storage.FS, dir string)) {
	t.Run("mem", func(t *testing.T) {
		fs := storage.NewMemFS()
		require.NoError(t, fs.MkdirAll("data/log"))
		test(t, fs, "data/log")
	})
	t.Run("os", func(t *testing.T) { test(t, osfs.New(), t.TempDir()) })
}

func TestFileContract(t *testing.T) {
	eachFS(t, func(t *testing.T, fs storage.FS, dir string) {
		name := path.Join(dir, "file")
		f, err := fs.OpenFile(name)
		require.NoError(t, err)
		require.Equal(t, name, f.Name())
		require.NoError(t, f.Append([]byte("abc"), []byte("def")))
		require.NoError(t, f.Append([]byte("ghi")))

		got := make([]byte, 4)
		n, err := f.ReadAt(got, 2)
		require.NoError(t, err)
		require.Equal(t, "cdef", string(got[:n]))
		n, err = f.ReadAt(got, 7)
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, "hi", string(got[:n]))

		_, err = f.WriteAt([]byte("XY"), 8)
		require.NoError(t, err)
		require.Equal(t, int64(10), sizeOf(t, f))
		require.NoError(t, f.Truncate(4))
		require.NoError(t, f.Append([]byte("!")))
		require.NoError(t, f.Sync())
		require.NoError(t, f.Close())
		require.ErrorIs(t, f.Sync(), storage.ErrFileClosed)
		require.ErrorIs(t, f.Append([]byte("x")), storage.ErrFileClosed)

		again, err := fs.OpenFile(name)
		require.NoError(t, err)
		require.Equal(t, int64(5), sizeOf(t, again))
		require.NoError(t, again.Close())
		data, found, err := storage.ReadFile(fs, name)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, "abcd!", string(data))
	})
}

func sizeOf(t *testing.T, f storage.File) int64 {
	size, err := f.Size()
	require.NoError(t, err)
	return size
}

func TestDirectoryContract(t *testing.T) {
	eachFS(t, func(t *testing.T, fs storage.FS, dir string) {
		require.NoError(t, fs.MkdirAll(path.Join(dir, "sub/below")))
		for _, name := range []string{"b", "a", "sub/c"} {
			require.NoError(t, storage.WriteFileAtomic(fs, path.Join(dir, name), []byte(name), true))
		}
		require.Equal(t, []string{"a", "b", "sub"}, list(t, fs, dir))
		require.NoError(t, fs.Rename(path.Join(dir, "a"), path.Join(dir, "b")))
		require.NoError(t, fs.Rename(path.Join(dir, "sub"), path.Join(dir, "moved")))
		require.Equal(t, []string{"b", "moved"}, list(t, fs, dir))
		require.Equal(t, []string{"below", "c"}, list(t, fs, path.Join(dir, "moved")))
		data, found, err := storage.ReadFile(fs, path.Join(dir, "b"))
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, "a", string(data), "rename replaces its target")

		require.NoError(t, fs.Remove(path.Join(dir, "b")))
		require.NoError(t, fs.Remove(path.Join(dir, "b")), "removing what is not there is no error")
		require.NoError(t, fs.RemoveAll(path.Join(dir, "moved")))
		require.NoError(t, fs.SyncDir(dir))
		require.Empty(t, list(t, fs, dir))
		require.Empty(t, list(t, fs, path.Join(dir, "missing")))

		_, found, err = storage.ReadFile(fs, path.Join(dir, "b"))
		require.NoError(t, err)
		require.False(t, found)
		_, err = fs.OpenFile(path.Join(dir, "missing", "file"))
		require.Error(t, err)
	})
}

func list(t *testing.T, fs storage.FS, dir string) []string {
	names, err := fs.List(dir)
	require.NoError(t, err)
	return names
}

// TestWriteFileAtomicUnderCrash fails every step in turn, then cuts the power:
// the file is the old or the new one, whole.
func TestWriteFileAtomicUnderCrash(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		op   storage.Op
		want string
	}{
		{storage.OpOpen, "old"},
		{storage.OpTruncate, "old"},
		{storage.OpAppend, "old"},
		{storage.OpSync, "old"},
		{storage.OpRename, "old"},
		{storage.OpSyncDir, "old"},
		{"", "new"},
	} {
		t.Run("fail "+string(c.op), func(t *testing.T) {
			fs := storage.NewMemFS()
			require.NoError(t, fs.MkdirAll("dir"))
			require.NoError(t, fs.SyncDir("."))
			require.NoError(t, storage.WriteFileAtomic(fs, "dir/file", []byte("old"), true))
			if c.op != "" {
				fs.FailNext(c.op, boom)
				require.ErrorIs(t, storage.WriteFileAtomic(fs, "dir/file", []byte("new"), true), boom)
			} else {
				require.NoError(t, storage.WriteFileAtomic(fs, "dir/file", []byte("new"), true))
			}
			fs.Crash()
			data, found, err := storage.ReadFile(fs, "dir/file")
			require.NoError(t, err)
			require.True(t, found)
			require.Equal(t, c.want, string(data))
		})
	}
}
