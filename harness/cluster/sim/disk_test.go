package sim

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/nemesis"
)

// newDisk is a disk with a file whose content is synced, and so is its name.
func newDisk(t *testing.T, seed uint64, content string) (*disk, storage.File) {
	d := &disk{fs: storage.NewMemFS(), draw: newDice(seed, "disk"), tasks: &tasks{}, takes: time.Millisecond}
	require.NoError(t, d.fs.MkdirAll(logDir))
	require.NoError(t, d.fs.SyncDir("/"))
	require.NoError(t, storage.WriteFileAtomic(d.fs, file, []byte(content), true))
	f, err := d.fs.OpenFile(file)
	require.NoError(t, err)
	return d, f
}

const file = logDir + "/file"

func (d *disk) read(t *testing.T) string {
	data, found, err := storage.ReadFile(d.fs, file)
	require.NoError(t, err)
	require.True(t, found)
	return string(data)
}

func TestPowerLossForgetsWhatWasNotSynced(t *testing.T) {
	d, f := newDisk(t, 1, "abc")
	require.NoError(t, f.Append([]byte("defg")))
	require.Equal(t, int64(7), d.bytes())
	require.Equal(t, int64(4), d.losePower(false))
	require.Equal(t, "abc", d.read(t))
	require.Zero(t, d.trouble(), "the disk did what it could")
}

// TestATornWriteLeavesAPrefix of what was written, or all, or none;
// what was synced is safe.
func TestATornWriteLeavesAPrefix(t *testing.T) {
	written := bytes.Repeat([]byte("x"), 20)
	sizes := map[int]bool{}
	padded, prefix := 0, 0
	for seed := range uint64(300) {
		d, f := newDisk(t, seed, "abc")
		require.NoError(t, f.Append(written))
		lost := d.losePower(true)
		left := d.read(t)
		require.Equal(t, int64(23-len(left)), lost)
		require.Equal(t, "abc", left[:3])
		data := strings.TrimRight(left[3:], "\x00")
		require.Equal(t, strings.Repeat("x", len(data)), data)
		switch {
		case 3+len(data) == len(left):
			prefix++
		default:
			padded++
			require.Len(t, left, 23, "the file kept its length, with zeros where nothing was written")
		}
		sizes[len(data)] = true
	}
	require.Len(t, sizes, 21, "all of it, none, and everything between")
	require.Greater(t, padded, 50)
	require.Greater(t, prefix, 100)
}

// TestATornTruncationIsUndone: it was never synced.
func TestATornTruncationIsUndone(t *testing.T) {
	d, f := newDisk(t, 1, "abcdef")
	require.NoError(t, f.Truncate(2))
	require.Equal(t, int64(-4), d.losePower(true))
	require.Equal(t, "abcdef", d.read(t))
}

func TestAFullDisk(t *testing.T) {
	d, f := newDisk(t, 1, "abc")
	d.set(nemesis.DiskFull)
	require.ErrorIs(t, f.Append([]byte("d")), storage.ErrNoSpace)
	require.ErrorIs(t, f.Append([]byte("d")), storage.ErrNoSpace)
	require.Equal(t, int64(2), d.trouble())
	require.Equal(t, "abc", d.read(t))
	d.set(nemesis.DiskHealthy)
	require.NoError(t, f.Append([]byte("d")))
	require.Equal(t, int64(2), d.trouble(), "since the start")
}

// TestAFailingDisk fails when it is written to, or when it is synced, once or each
// time.
func TestAFailingDisk(t *testing.T) {
	kinds := map[string]int{}
	for seed := range uint64(20) {
		d, f := newDisk(t, seed, "abc")
		d.set(nemesis.DiskError)
		appended, synced := f.Append([]byte("d")), f.Sync()
		switch {
		case appended != nil:
			kinds["append"]++
			require.ErrorIs(t, appended, errIO)
			require.NoError(t, synced)
			require.Equal(t, "abc", d.read(t))
		default:
			kinds["sync"]++
			require.ErrorIs(t, synced, errIO)
		}
		require.Equal(t, int64(1), d.trouble())
		require.NoError(t, f.Append([]byte("e")))
		if err := f.Sync(); err != nil {
			kinds["sync again"]++
			require.ErrorIs(t, err, errIO)
		}
		d.set(nemesis.DiskHealthy)
		require.NoError(t, f.Sync())
	}
	require.Len(t, kinds, 3)
}

func TestAHealedDiskFailsNoMore(t *testing.T) {
	d, f := newDisk(t, 1, "abc")
	d.set(nemesis.DiskError)
	d.set(nemesis.DiskHealthy)
	require.NoError(t, f.Append([]byte("d")))
	require.NoError(t, f.Sync())
	require.Zero(t, d.trouble())
}

func TestSyncsTakeTheirTime(t *testing.T) {
	d, _ := newDisk(t, 1, "abc")
	var ends []time.Duration
	for range 100 {
		d.whenSynced(func() { ends = append(ends, d.tasks.now) })
	}
	d.tasks.happen(d.takes)
	require.Len(t, ends, 100)
	require.Greater(t, ends[99]-ends[0], d.takes/2)
}

// TestAStallHoldsSyncs, those too that are under way, in order, until the disk is
// healed; another fault does so as well.
func TestAStallHoldsSyncs(t *testing.T) {
	for _, healed := range []nemesis.DiskMode{nemesis.DiskHealthy, nemesis.DiskFull} {
		d, _ := newDisk(t, 1, "abc")
		var ended []int
		d.whenSynced(func() { ended = append(ended, 0) })
		d.set(nemesis.DiskStall)
		d.tasks.happen(time.Second)
		d.whenSynced(func() { ended = append(ended, 1) })
		d.tasks.happen(time.Second)
		d.set(nemesis.DiskStall)
		d.tasks.happen(time.Hour)
		require.Empty(t, ended)
		require.Equal(t, int64(2), d.trouble())

		d.set(healed)
		require.Empty(t, ended, "they end as events")
		d.tasks.happen(0)
		require.Equal(t, []int{0, 1}, ended)
		d.whenSynced(func() { ended = append(ended, 2) })
		d.tasks.happen(time.Second)
		require.Equal(t, []int{0, 1, 2}, ended)
		require.Equal(t, int64(2), d.trouble())
	}
}

// TestDeathBeforeAWrite leaves the disk as it was before that write.
func TestDeathBeforeAWrite(t *testing.T) {
	d, f := newDisk(t, 1, "abc")
	d.dieBefore(3)
	require.NoError(t, f.Append([]byte("d")))
	require.NoError(t, f.Sync(), "it changes nothing")
	require.Equal(t, "abcd", d.read(t)) // opens the file, which could create it
	require.PanicsWithValue(t, deathAtWrite{}, func() { _ = f.Append([]byte("e")) })
	d.fs.Interrupt = nil
	require.Equal(t, "abcd", d.read(t))
}
