package storage

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCrashForgetsWhatWasNotSynced(t *testing.T) {
	for _, c := range []struct {
		name     string
		syncFile bool
		syncDir  bool
		syncRoot bool
		want     string
		found    bool
	}{
		{"nothing synced", false, false, false, "", false},
		{"file without its name", true, false, true, "", false},
		{"name without its content", false, true, true, "", true},
		{"directory without its own name", true, true, false, "", false},
		{"everything synced", true, true, true, "abc", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := NewMemFS()
			require.NoError(t, fs.MkdirAll("dir"))
			f, err := fs.OpenFile("dir/file")
			require.NoError(t, err)
			require.NoError(t, f.Append([]byte("abc")))
			if c.syncFile {
				require.NoError(t, f.Sync())
			}
			if c.syncDir {
				require.NoError(t, fs.SyncDir("dir"))
			}
			if c.syncRoot {
				require.NoError(t, fs.SyncDir("."))
			}
			require.NoError(t, f.Append([]byte("def")))
			fs.Crash()
			require.ErrorIs(t, f.Append([]byte("x")), ErrFileClosed, "a file of an earlier life is dead")
			data, found, err := ReadFile(fs, "dir/file")
			require.NoError(t, err)
			require.Equal(t, c.found, found)
			require.Equal(t, c.want, string(data))
		})
	}
}

func TestCrashUndoesUnsyncedChanges(t *testing.T) {
	synced := func(t *testing.T) (*MemFS, File) {
		fs := NewMemFS()
		require.NoError(t, fs.MkdirAll("dir"))
		require.NoError(t, fs.SyncDir("."))
		require.NoError(t, WriteFileAtomic(fs, "dir/file", []byte("abcdef"), true))
		f, err := fs.OpenFile("dir/file")
		require.NoError(t, err)
		return fs, f
	}
	for _, c := range []struct {
		name   string
		change func(fs *MemFS, f File) error
	}{
		{"truncate", func(_ *MemFS, f File) error { return f.Truncate(2) }},
		{"truncate and append", func(_ *MemFS, f File) error { return errors.Join(f.Truncate(2), f.Append([]byte("XYZUVW"))) }},
		{"overwrite", func(_ *MemFS, f File) error { _, err := f.WriteAt([]byte("X"), 1); return err }},
		{"remove", func(fs *MemFS, _ File) error { return fs.Remove("dir/file") }},
		{"rename away", func(fs *MemFS, _ File) error { return fs.Rename("dir/file", "dir/other") }},
		{"replace", func(fs *MemFS, _ File) error { return WriteFileAtomic(fs, "dir/file", []byte("new"), false) }},
		{"remove directory", func(fs *MemFS, _ File) error { return fs.RemoveAll("dir") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs, f := synced(t)
			require.NoError(t, c.change(fs, f))
			fs.Crash()
			data, found, err := ReadFile(fs, "dir/file")
			require.NoError(t, err)
			require.True(t, found)
			require.Equal(t, "abcdef", string(data))
		})
	}
}

func TestRecreatedDirectoryHasNoOldFiles(t *testing.T) {
	fs := NewMemFS()
	require.NoError(t, fs.MkdirAll("dir"))
	require.NoError(t, WriteFileAtomic(fs, "dir/file", []byte("old"), true))
	require.NoError(t, fs.SyncDir("."))
	require.NoError(t, fs.RemoveAll("dir"))
	require.NoError(t, fs.MkdirAll("dir"))
	require.NoError(t, fs.SyncDir("."))
	fs.Crash()
	names, err := fs.List("dir")
	require.NoError(t, err)
	require.Empty(t, names)
}

func TestFillUp(t *testing.T) {
	fs := NewMemFS()
	f, err := fs.OpenFile("file")
	require.NoError(t, err)
	fs.FillUp(5)
	require.NoError(t, f.Append([]byte("abc")))
	require.ErrorIs(t, f.Append([]byte("def")), ErrNoSpace)
	size, err := f.Size()
	require.NoError(t, err)
	require.Equal(t, int64(3), size)
	require.NoError(t, f.Truncate(1))
	require.NoError(t, f.Append([]byte("defg")))
	require.ErrorIs(t, f.Append([]byte("h")), ErrNoSpace)
	fs.FreeUp()
	require.NoError(t, f.Append([]byte("h")))
}
