package storage

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// TestFailedAppendPoisons fails the write of a batch: the log does not move,
// answers nothing more, and after reopening has what was there before, also if
// a part of the batch stayed in the file (KAFKA-10778).
func TestFailedAppendPoisons(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name string
		fail func(fs *MemFS)
		want error
	}{
		{"nothing written", func(fs *MemFS) { fs.FailNextAppend(0, boom) }, boom},
		{"partly written", func(fs *MemFS) { fs.FailNextAppend(40, boom) }, boom},
		{"disk full", func(fs *MemFS) { fs.FillUp(10) }, ErrNoSpace},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := NewMemFS()
			l, _ := openTestLog(t, fs, DefaultLogConfig(), false)
			appendValues(t, l, 0, 2)
			before := content(t, l)

			b := BuildBatch(values("lost"), BatchOptions{})
			b.Stamp(2, 0)
			c.fail(fs)
			err := l.Append(b)
			require.ErrorIs(t, err, ErrLogFailed)
			require.ErrorIs(t, err, c.want)
			require.Equal(t, model.Offset(2), l.EndOffset())
			fs.FreeUp()

			require.ErrorIs(t, l.Append(b), ErrLogFailed)
			_, err = l.Read(0, 100, 2, true)
			require.ErrorIs(t, err, ErrLogFailed)
			require.ErrorIs(t, l.Truncate(0), ErrLogFailed)
			require.ErrorIs(t, l.AssignEpoch(5, 2), ErrLogFailed)
			require.ErrorIs(t, l.Checkpoint(), ErrLogFailed)
			require.ErrorIs(t, l.RaiseStartOffset(1), ErrLogFailed)
			_, err = l.EnforceRetention(0, 0)
			require.ErrorIs(t, err, ErrLogFailed)
			_, _, _, err = l.OffsetForTimestamp(0, 2)
			require.ErrorIs(t, err, ErrLogFailed)
			_, _, _, err = l.MaxTimestampOffset(2)
			require.ErrorIs(t, err, ErrLogFailed)
			require.True(t, l.Flush().Empty())
			require.ErrorIs(t, l.Close(true), ErrLogFailed)

			again, _ := openTestLog(t, fs, DefaultLogConfig(), false)
			require.Equal(t, before, content(t, again))
		})
	}
}

func TestFailedReadPoisons(t *testing.T) {
	fs := NewMemFS()
	l, _ := openTestLog(t, fs, DefaultLogConfig(), false)
	appendValues(t, l, 0, 1)
	require.NoError(t, l.Close(false))
	l, _ = openTestLog(t, fs, DefaultLogConfig(), false)
	boom := errors.New("boom")
	fs.FailNext(OpRead, boom)
	_, err := l.Read(0, 100, 1, true)
	require.ErrorIs(t, err, boom)
	require.ErrorIs(t, l.Err(), ErrLogFailed)
}

func TestAppendRunIsOneWritePerSegment(t *testing.T) {
	source, _ := openTestLog(t, NewMemFS(), DefaultLogConfig(), false)
	for i := range 6 {
		appendValues(t, source, model.Epoch(i/4), 1)
	}
	run := content(t, source)

	fs := &countingFS{FS: NewMemFS()}
	l, _ := openTestLog(t, fs, smallSegments(int64(len(run)/2)+1), false)
	require.NoError(t, l.AppendRun(run))
	require.Equal(t, run, content(t, l))
	require.Equal(t, source.EpochEntries(), l.EpochEntries())
	require.Len(t, l.segments, 2)
	require.Equal(t, 3, fs.appends, "one for each segment, and one more where the epoch changes")
}

// countingFS counts the appends to segment files.
type countingFS struct {
	FS
	appends int
}

func (c *countingFS) OpenFile(name string) (File, error) {
	f, err := c.FS.OpenFile(name)
	if len(name) > 4 && name[len(name)-4:] == logSuffix {
		return countingFile{f, c}, err
	}
	return f, err
}

type countingFile struct {
	File
	fs *countingFS
}

func (c countingFile) Append(bufs ...[]byte) error {
	c.fs.appends++
	return c.File.Append(bufs...)
}

func TestAppendRefusesWhatDoesNotContinueTheLog(t *testing.T) {
	l, _ := openTestLog(t, NewMemFS(), DefaultLogConfig(), false)
	appendValues(t, l, 4, 2)
	stamped := func(base model.Offset, epoch model.Epoch) Batch {
		b := BuildBatch(values("x"), BatchOptions{})
		b.Stamp(base, epoch)
		return b
	}
	two := append(append(Batch{}, stamped(2, 4)...), stamped(3, 4)...)
	gap := append(append(Batch{}, stamped(2, 4)...), stamped(4, 4)...)
	for _, c := range []struct {
		name   string
		append func() error
	}{
		{"offset ahead", func() error { return l.Append(stamped(3, 4)) }},
		{"offset behind", func() error { return l.Append(stamped(1, 4)) }},
		{"lower epoch", func() error { return l.Append(stamped(2, 3)) }},
		{"no epoch", func() error { return l.Append(stamped(2, model.NoEpoch)) }},
		{"two batches as one", func() error { return l.Append(two) }},
		{"no batch", func() error { return l.Append(nil) }},
		{"half a batch", func() error { return l.AppendRun(two[:len(two)-1]) }},
		{"a gap inside a run", func() error { return l.AppendRun(gap) }},
	} {
		require.ErrorIs(t, c.append(), ErrOutOfPlace, c.name)
		require.Equal(t, model.Offset(2), l.EndOffset(), c.name)
	}
	require.NoError(t, l.AppendRun(two), "the log stays usable")
	require.Equal(t, model.Offset(4), l.EndOffset())
}

// TestCleanCloseSurvivesPowerLoss: what a clean close leaves needs no scan.
func TestCleanCloseSurvivesPowerLoss(t *testing.T) {
	fs := NewMemFS()
	l, _ := openTestLog(t, fs, smallSegments(200), false)
	for range 5 {
		appendValues(t, l, 2, 2)
	}
	want := content(t, l)
	require.NoError(t, l.Close(true))
	require.ErrorIs(t, l.Append(BuildBatch(values("x"), BatchOptions{})), ErrLogFailed, "closed")
	fs.Crash()
	l, _ = openTestLog(t, fs, smallSegments(200), true)
	require.Equal(t, want, content(t, l))
	require.Equal(t, l.EndOffset(), l.FlushedOffset())
}

func TestFlushFailures(t *testing.T) {
	boom := errors.New("boom")
	fs := NewMemFS()
	l, _ := openTestLog(t, fs, DefaultLogConfig(), false)
	appendValues(t, l, 0, 1)
	require.Equal(t, []string{testDir, "."}, l.Flush().Dirs, "a fresh log's own name too")

	ticket := l.Flush()
	require.NoError(t, l.TruncateFullyAndStartAt(5))
	err := ticket.Sync(fs)
	require.ErrorIs(t, err, ErrFileClosed)
	require.NoError(t, l.FlushFailed(ticket, err), "a file deleted during its sync is no disk failure")
	require.Equal(t, model.Offset(5), l.FlushedOffset())

	appendValues(t, l, 1, 1)
	fs.FailNext(OpSync, boom)
	ticket = l.Flush()
	err = ticket.Sync(fs)
	require.ErrorIs(t, err, boom)
	require.ErrorIs(t, l.FlushFailed(ticket, err), ErrLogFailed)
	l.Flushed(ticket)
	require.Equal(t, model.Offset(5), l.FlushedOffset())
}

func TestFlushHasNothingToDoTwice(t *testing.T) {
	l, _ := openTestLog(t, NewMemFS(), smallSegments(100), false)
	for range 3 {
		appendValues(t, l, 0, 1)
	}
	require.Len(t, l.Flush().Files, 3)
	flushLog(t, l)
	require.True(t, l.Flush().Empty())
	appendValues(t, l, 0, 1)
	require.Len(t, l.Flush().Files, 1)
	require.Equal(t, []string{testDir}, l.Flush().Dirs)
	flushLog(t, l)
	require.NoError(t, l.Truncate(3))
	require.Len(t, l.Flush().Files, 1, "a truncation has to be synced too")
}
