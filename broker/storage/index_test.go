package storage

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

func filledIndex() index {
	x := newIndex()
	for i := range 5 {
		b := BuildBatch(values("0123456789"), BatchOptions{Timestamp: int64(100 * i)})
		b.Stamp(model.Offset(5+i), 0)
		x.add(b, int64(i*len(b)), 100)
	}
	return x
}

func TestIndexFilesRoundTrip(t *testing.T) {
	fs := NewMemFS()
	x, cover := filledIndex(), indexCover{size: 500, next: 10}
	require.NoError(t, x.write(fs, "i", "t", cover))
	read, got, err := readIndex(fs, "i", "t")
	require.NoError(t, err)
	require.Equal(t, cover, got)
	require.Equal(t, x.offsets, read.offsets)
	require.Equal(t, x.times, read.times)
	require.Equal(t, x.latest, read.latest)
}

// TestDamagedIndexIsUnusable: every flipped byte and every missing tail is seen.
func TestDamagedIndexIsUnusable(t *testing.T) {
	x, cover := filledIndex(), indexCover{size: 500, next: 10}
	for _, name := range []string{"i", "t"} {
		fs := NewMemFS()
		require.NoError(t, x.write(fs, "i", "t", cover))
		whole, _, err := ReadFile(fs, name)
		require.NoError(t, err)
		for at := range whole {
			flipped := append([]byte{}, whole...)
			flipped[at] ^= 1
			for _, damaged := range [][]byte{flipped, whole[:at]} {
				require.NoError(t, WriteFileAtomic(fs, name, damaged, false))
				_, _, err := readIndex(fs, "i", "t")
				require.ErrorIs(t, err, errIndexUnusable, "%s at %d", name, at)
			}
		}
	}
	fs := NewMemFS()
	require.NoError(t, x.write(fs, "i", "t", cover))
	require.NoError(t, x.write(fs, "other", "t", indexCover{size: 400, next: 9}))
	_, _, err := readIndex(fs, "i", "t")
	require.ErrorIs(t, err, errIndexUnusable, "two files of different states")
}
