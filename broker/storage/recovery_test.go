package storage

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// TestTornTail cuts the power with the last batch on disk up to each of its
// bytes: recovery keeps what is before it, and all of it only if it is whole.
func TestTornTail(t *testing.T) {
	build := func() (*MemFS, *Log, []byte, Batch) {
		fs := NewMemFS()
		l, _ := openTestLog(t, fs, DefaultLogConfig(), false)
		kept := append([]byte{}, appendValues(t, l, 0, 2)...)
		flushLog(t, l)
		last := appendValues(t, l, 1, 3)
		return fs, l, kept, last
	}
	_, _, _, last := build()
	for torn := range len(last) + 1 {
		fs, _, kept, last := build()
		fs.CrashTorn(func(name string, synced, written []byte) []byte {
			if strings.HasSuffix(name, logSuffix) {
				return written[:len(kept)+torn]
			}
			return synced
		})
		l, rec := openTestLog(t, fs, DefaultLogConfig(), false)
		if torn == len(last) {
			require.Equal(t, append(kept, last...), content(t, l))
			require.Empty(t, rec.Reason)
			continue
		}
		require.Equal(t, kept, content(t, l), "torn at %d", torn)
		require.Equal(t, model.Offset(2), l.EndOffset())
		require.Equal(t, []EpochEntry{{0, 0}}, l.EpochEntries())
		require.Equal(t, int64(torn), rec.TruncatedBytes)
		require.Equal(t, torn == 0, rec.Reason == "")
	}
}

// TestFlippedByte damages each byte of the middle batch in turn: the log ends
// before it, except that the 12 bytes outside the CRC are proven by their place.
func TestFlippedByte(t *testing.T) {
	fs := NewMemFS()
	l, _ := openTestLog(t, fs, DefaultLogConfig(), false)
	first := append([]byte{}, appendValues(t, l, 3, 1)...)
	second := appendValues(t, l, 3, 2)
	appendValues(t, l, 3, 1)
	require.NoError(t, l.Close(false))
	f, err := fs.OpenFile(segmentPath(testDir, 0) + logSuffix)
	require.NoError(t, err)
	whole := make([]byte, l.SizeBytes())
	require.NoError(t, readFull(f, whole, 0))

	for at := range len(second) {
		_, err := f.WriteAt(whole, 0)
		require.NoError(t, err)
		_, err = f.WriteAt([]byte{second[at] ^ 0x01}, int64(len(first)+at))
		require.NoError(t, err)
		reopened, rec := openTestLog(t, fs, DefaultLogConfig(), false)
		if at == leaderEpochAt+3 { // 3 ^ 1 = 2: lower than the epoch before
			require.Contains(t, rec.Reason, "leader epoch 2 after 3")
		}
		if leaderEpochAt <= at && at < leaderEpochAt+3 {
			// A higher epoch cannot be told from a true one by this batch, but
			// the next one then goes back.
			require.Contains(t, rec.Reason, "leader epoch 3 after")
			require.Equal(t, model.Offset(3), reopened.EndOffset())
		} else {
			require.Equal(t, first, content(t, reopened), "byte %d", at)
		}
		require.NoError(t, reopened.Close(false))
	}
}

// TestInterruptedRestart lets each step of emptying the log fail, then cuts the
// power: the log is the old one, whole, or the new one, empty.
func TestInterruptedRestart(t *testing.T) {
	boom := errors.New("boom")
	for _, op := range []Op{OpOpen, OpTruncate, OpAppend, OpSync, OpRename, OpSyncDir, OpRemove} {
		for skip := range 8 {
			fs := NewMemFS()
			l, _ := openTestLog(t, fs, smallSegments(100), false)
			for i := range 3 {
				appendValues(t, l, model.Epoch(i), 1)
			}
			flushLog(t, l)
			require.NoError(t, l.Checkpoint())
			old := content(t, l)
			for range skip {
				fs.FailNext(op, nil)
			}
			fs.FailNext(op, boom)
			err := l.TruncateFullyAndStartAt(20)
			if err != nil {
				require.ErrorIs(t, err, ErrLogFailed)
				require.ErrorIs(t, err, boom)
				require.ErrorIs(t, l.Append(nil), ErrOutOfPlace)
				_, err := l.Read(0, 1, 1, true)
				require.ErrorIs(t, err, ErrLogFailed)
			}
			fs.failures = map[Op][]injected{}
			fs.Crash()
			reopened, _ := openTestLog(t, fs, smallSegments(100), false)
			if reopened.EndOffset() == 20 {
				require.Equal(t, model.Offset(20), reopened.StartOffset())
				require.Empty(t, reopened.EpochEntries())
				require.Empty(t, content(t, reopened))
			} else {
				require.Equal(t, old, content(t, reopened), "%s after %d", op, skip)
				require.Error(t, err)
			}
		}
	}
}

// TestInterruptedRestartInsideTheLog: when the new start lies among the old
// records, some of those may be left, but then with their epochs.
func TestInterruptedRestartInsideTheLog(t *testing.T) {
	boom := errors.New("boom")
	for _, op := range []Op{OpSync, OpRename, OpSyncDir, OpRemove} {
		for skip := range 8 {
			fs := NewMemFS()
			l, _ := openTestLog(t, fs, smallSegments(100), false)
			for i := range 3 {
				appendValues(t, l, model.Epoch(i), 1)
			}
			flushLog(t, l)
			require.NoError(t, l.Checkpoint())
			for range skip {
				fs.FailNext(op, nil)
			}
			fs.FailNext(op, boom)
			err := l.TruncateFullyAndStartAt(1)
			fs.failures = map[Op][]injected{}
			fs.CrashTorn(func(name string, synced, written []byte) []byte {
				if strings.HasSuffix(name, indexSuffix) || strings.HasSuffix(name, timeIndexSuffix) {
					return written // the system may have synced them unasked
				}
				return synced
			})
			reopened, _ := openTestLog(t, fs, smallSegments(100), false)
			var want []EpochEntry
			for data := content(t, reopened); len(data) > 0; {
				b, rest, splitErr := FirstBatch(data)
				require.NoError(t, splitErr)
				want = append(want, EpochEntry{b.LeaderEpoch(), b.BaseOffset()})
				data = rest
			}
			require.ElementsMatch(t, want, reopened.EpochEntries(), "%s after %d: %v", op, skip, err)
		}
	}
}

// TestIndexOfOtherRecordsIsNotUsed rewrites the end of a log with batches of the
// same size and other timestamps: the index of the old ones would fit in size.
func TestIndexOfOtherRecordsIsNotUsed(t *testing.T) {
	fs := NewMemFS()
	l, _ := openTestLog(t, fs, DefaultLogConfig(), false)
	appendAt := func(timestamp int64) {
		b := BuildBatch(values("x"), BatchOptions{Timestamp: timestamp})
		b.Stamp(l.EndOffset(), 0)
		require.NoError(t, l.Append(b))
	}
	appendAt(100)
	appendAt(200)
	require.NoError(t, l.Close(true))
	l, _ = openTestLog(t, fs, DefaultLogConfig(), true)
	require.NoError(t, l.Truncate(1))
	appendAt(300)
	flushLog(t, l)
	require.NoError(t, l.Checkpoint())
	require.NoError(t, l.Close(false))

	l, _ = openTestLog(t, fs, DefaultLogConfig(), false)
	off, timestamp, ok, err := l.OffsetForTimestamp(250, 2)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, model.Offset(1), off)
	require.Equal(t, int64(300), timestamp)
}

func TestOpenLogRefusesABadConfig(t *testing.T) {
	for _, c := range []struct {
		cfg  LogConfig
		want string
	}{
		{LogConfig{SegmentBytes: -1}, "SegmentBytes -1 must be > 0"},
		{LogConfig{IndexIntervalBytes: -2}, "IndexIntervalBytes -2 must be > 0"},
		{LogConfig{ProducerExpiry: -1}, "ProducerExpiry -1ns must be > 0"},
		{LogConfig{RetentionMS: -2}, "RetentionMS -2 must be >= 0, or -1 to keep for ever"},
		{LogConfig{RetentionBytes: -2}, "RetentionBytes -2 must be >= 0, or -1 to keep all"},
		{LogConfig{TailBytes: -1}, "TailBytes -1 must be > 0"},
	} {
		_, _, err := OpenLog(NewMemFS(), testDir, c.cfg, false)
		require.ErrorContains(t, err, c.want)
	}
}

func TestOpenLogReportsADiskError(t *testing.T) {
	boom := errors.New("boom")
	for _, op := range []Op{OpOpen, OpRead, OpRemove} {
		fs := NewMemFS()
		l, _ := openTestLog(t, fs, DefaultLogConfig(), false)
		appendValues(t, l, 0, 1)
		require.NoError(t, l.Close(true))
		require.NoError(t, WriteFileAtomic(fs, testDir+"/left-over", nil, false))
		require.NoError(t, fs.Rename(testDir+"/left-over", testDir+"/left-over"+tempSuffix))
		fs.FailNext(op, boom)
		_, _, err := OpenLog(fs, testDir, DefaultLogConfig(), true)
		require.ErrorIs(t, err, boom, "%s", op)
	}
}
