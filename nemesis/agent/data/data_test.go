package data

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWipeKeepsTheDirectoryAlone(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "orders-0"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "orders-0", "0.log"), []byte("acked"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".lock"), []byte("1"), 0o644))

	size, err := Size(dir)
	require.NoError(t, err)
	require.EqualValues(t, 6, size)

	require.NoError(t, Wipe(dir))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
	size, err = Size(dir)
	require.NoError(t, err)
	require.Zero(t, size)
}

func TestWhatIsNotThereIsEmpty(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "never")
	size, err := Size(dir)
	require.NoError(t, err)
	require.Zero(t, size)
	require.NoError(t, Wipe(dir))
}

func TestSizeOfAFileIsItsOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("abc"), 0o644))
	size, err := Size(path)
	require.NoError(t, err)
	require.EqualValues(t, 3, size)
	require.ErrorContains(t, Wipe(path), "wipe data: ")
}
