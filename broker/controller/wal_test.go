package controller

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
)

var errTest = errors.New("planted failure")

const logFile, snapshotFile = "data/quorum/quorum.log", "data/quorum/quorum.snapshot"

// readLog gives the log's bytes and where its frames end.
func readLog(t *testing.T, fs storage.FS) (data []byte, ends []int) {
	data, found, err := storage.ReadFile(fs, logFile)
	require.NoError(t, err)
	require.True(t, found)
	for rest := data[len(walMagic):]; len(rest) > 0; {
		_, behind, err := readFrame(rest)
		require.NoError(t, err)
		rest = behind
		ends = append(ends, len(data)-len(rest))
	}
	return data, ends
}

func logOfAFewTopics(t *testing.T) (*world, []byte, []int) {
	w := newWorld(t, 1, 1)
	w.start(1)
	w.register(w.nodes[1], 1)
	for n := range byte(3) {
		w.must(w.nodes[1], createCommand(n, 1))
	}
	data, ends := readLog(t, w.nodes[1].fs)
	require.Greater(t, len(ends), 5)
	return w, data, ends
}

func entriesIn(frames []*pb.Message) int {
	count := 0
	for _, m := range frames {
		count += len(m.GetEntries())
	}
	return count
}

// A log of an earlier build has entries in another form, and would be read wrongly.
func TestALogOfAnEarlierBuildIsRefused(t *testing.T) {
	w, data, _ := logOfAFewTopics(t)
	earlier := append([]byte("AKPQLOG1"), data[len(walMagic):]...)
	require.NoError(t, storage.WriteFileAtomic(w.nodes[1].fs, logFile, earlier, true))
	_, err := Open(w.config(1))
	require.ErrorIs(t, err, ErrCorrupt)
	require.EqualError(t, err,
		`controller: data/quorum/quorum.log: quorum log is corrupt: it begins with "AKPQLOG1", allowed is "AKPQLOG2"`)
}

// A torn tail that was cut and comes back with a power loss would stand before, or
// behind, frames that were written since.
func TestACutTailStaysCut(t *testing.T) {
	_, data, ends := logOfAFewTopics(t)
	w := newWorld(t, 1, 1)
	fs := w.nodes[1].fs
	require.NoError(t, makeDir(fs, "data/quorum"))
	require.NoError(t, storage.WriteFileAtomic(fs, logFile, data[:len(data)-1], true))
	log, _, err := openWAL(fs, logFile)
	require.NoError(t, err)
	require.NoError(t, log.close())
	fs.Crash()
	after, _ := readLog(t, fs)
	require.Equal(t, data[:ends[len(ends)-2]], after)
}

// Wherever a crash tears the log, all whole frames before are read, the rest is
// cut off, and the node goes on from there.
func TestATornTailIsCutAtEveryByte(t *testing.T) {
	_, data, ends := logOfAFewTopics(t)
	for size := ends[0]; size <= len(data); size++ {
		whole := 0
		for _, end := range ends {
			if end <= size {
				whole = end
			}
		}
		w := newWorld(t, 1, 1)
		fs := w.nodes[1].fs
		require.NoError(t, makeDir(fs, "data/quorum"))
		require.NoError(t, storage.WriteFileAtomic(fs, logFile, data[:size], true))
		log, frames, err := openWAL(fs, logFile)
		require.NoError(t, err, size)
		require.NoError(t, log.close())
		want, _, err := decodeWAL(data[:whole])
		require.NoError(t, err)
		require.Equal(t, entriesIn(want), entriesIn(frames))
		after, _ := readLog(t, fs)
		require.Equal(t, data[:whole], after)

		w.start(1)
		require.True(t, w.nodes[1].c.Active())
		w.must(w.nodes[1], registerCommand(2, 1))
		w.crash(1)
		w.start(1)
		require.Contains(t, w.nodes[1].c.Image().Brokers, model.NodeID(2))
	}
}

func TestDamageIsToldFromATornTail(t *testing.T) {
	w, data, ends := logOfAFewTopics(t)
	open := func(name string, content []byte) error {
		require.NoError(t, storage.WriteFileAtomic(w.nodes[1].fs, name, content, true))
		_, err := Open(w.config(1))
		return err
	}
	for at := range ends[len(ends)-2] {
		spoiled := append([]byte(nil), data...)
		spoiled[at] ^= 0x40
		require.ErrorIs(t, open(logFile, spoiled), ErrCorrupt, "byte %d", at)
	}
	for name, content := range map[string][]byte{
		"empty":              {},
		"magic only":         []byte(walMagic),
		"first frame torn":   data[:ends[0]-1],
		"a frame that lies":  appendFrame(append([]byte(nil), data...), []byte("not a message")),
		"a frame is missing": append(append([]byte(nil), data[:ends[1]]...), data[ends[2]:]...),
	} {
		require.ErrorIs(t, open(logFile, content), ErrCorrupt, name)
	}
	require.NoError(t, open(logFile, data))
	for _, content := range []string{"", "something", snapshotMagic, snapshotMagic + "12345678901"} {
		require.ErrorIs(t, open(snapshotFile, []byte(content)), ErrCorrupt, content)
	}
}

func TestFilesThatDoNotBelongTogetherAreRefused(t *testing.T) {
	w := newWorld(t, 1, 1)
	w.adjust = func(cfg *Config) { cfg.SnapshotEvery = 10 }
	w.start(1)
	fs := w.nodes[1].fs
	bootstrapped, _, err := storage.ReadFile(fs, logFile)
	require.NoError(t, err)
	w.register(w.nodes[1], 1)
	var snapshots [][]byte
	for n := range byte(30) {
		w.must(w.nodes[1], createCommand(n, 1))
		snapshot, found, err := storage.ReadFile(fs, snapshotFile)
		require.NoError(t, err)
		if found && (len(snapshots) == 0 || string(snapshots[len(snapshots)-1]) != string(snapshot)) {
			snapshots = append(snapshots, snapshot)
		}
	}
	require.GreaterOrEqual(t, len(snapshots), 2)
	w.crash(1)

	require.NoError(t, fs.Remove(snapshotFile))
	_, err = Open(w.config(1))
	require.ErrorIs(t, err, ErrCorrupt)
	require.ErrorContains(t, err, "which is missing")

	require.NoError(t, storage.WriteFileAtomic(fs, snapshotFile, snapshots[0], true))
	_, err = Open(w.config(1))
	require.ErrorIs(t, err, ErrCorrupt)
	require.ErrorContains(t, err, "the one there is of index")

	// A crash between the snapshot and the new log leaves the old log.
	require.NoError(t, storage.WriteFileAtomic(fs, snapshotFile, snapshots[len(snapshots)-1], true))
	require.NoError(t, storage.WriteFileAtomic(fs, logFile, bootstrapped, true))
	clear(w.images)
	w.start(1)
	require.Greater(t, len(w.nodes[1].c.Image().Topics), 10)

	require.NoError(t, fs.Remove(logFile))
	_, err = Open(w.config(1))
	require.ErrorIs(t, err, ErrCorrupt)
	require.ErrorContains(t, err, "quorum.log is missing")
}

// doomedFS fails its nth changing call and all that come after, as a disk does
// that goes away.
type doomedFS struct {
	storage.FS
	left int
}

func (d *doomedFS) spend() error {
	if d.left == 0 {
		return errTest
	}
	d.left--
	return nil
}

func (d *doomedFS) OpenFile(name string) (storage.File, error) {
	f, err := d.FS.OpenFile(name)
	return &doomedFile{File: f, fs: d}, errors.Join(err, d.spend())
}

func (d *doomedFS) Rename(from, to string) error {
	if err := d.spend(); err != nil {
		return err
	}
	return d.FS.Rename(from, to)
}

func (d *doomedFS) SyncDir(dir string) error {
	if err := d.spend(); err != nil {
		return err
	}
	return d.FS.SyncDir(dir)
}

type doomedFile struct {
	storage.File
	fs *doomedFS
}

func (f *doomedFile) Append(bufs ...[]byte) error {
	if err := f.fs.spend(); err != nil {
		return err
	}
	return f.File.Append(bufs...)
}

func (f *doomedFile) Sync() error {
	if err := f.fs.spend(); err != nil {
		return err
	}
	return f.File.Sync()
}

// The disk goes away at every single call of a run that bootstraps, compacts
// and restarts; then the power fails. What was answered is still there.
func TestADiskThatGoesAwayLosesNothing(t *testing.T) {
	survived := false
	for calls := 0; !survived; calls++ {
		w := newWorld(t, 1, 1)
		w.adjust = func(cfg *Config) { cfg.SnapshotEvery = 8 }
		n := w.nodes[1]
		answered := map[string]bool{}
		survived = runOn(w, &doomedFS{FS: n.fs, left: calls}, answered)
		n.fs.Crash()
		w.start(1)
		require.True(t, n.c.Active())
		for name, ok := range answered {
			require.False(t, survived && !ok, "%s failed on a good disk", name)
			if ok {
				require.Contains(t, n.c.Image().Topics, name, "after %d calls", calls)
			}
		}
	}
}

// runOn creates topics on a node of its own, restarts it half way, and tells
// whether the disk held.
func runOn(w *world, fs storage.FS, answered map[string]bool) bool {
	for half := range byte(2) {
		cfg := w.config(1)
		cfg.FS = fs
		c, err := Open(cfg)
		if err != nil {
			return false
		}
		n := &testNode{id: 1, c: c}
		if failed(n) {
			return false
		}
		c.Propose(0, registerCommand(1, 1), func(Result) {})
		c.Propose(0, Command{BrokerStateChange: &BrokerStateChange{ID: 1, Epoch: 4, To: Unfence}}, func(Result) {})
		for number := range byte(10) {
			cmd := createCommand(10*half+number, 1)
			c.Propose(0, cmd, func(r Result) { answered[cmd.CreateTopic.Name] = r.Code == model.None })
			if failed(n) {
				return false
			}
		}
		if c.Close() != nil {
			return false
		}
	}
	return true
}

// failed polls a node that may fail and tells whether it did.
func failed(n *testNode) bool {
	for {
		out := n.c.Poll()
		if out.Err != nil {
			return true
		}
		if out.Sync != nil {
			n.c.Synced(out.Sync.ID, out.Sync.Files[0].Sync())
			continue
		}
		if !out.More {
			return false
		}
	}
}

func TestRecoveryReadsOverwrittenEntries(t *testing.T) {
	entry := func(term, index uint64) *pb.Entry { return &pb.Entry{Term: new(term), Index: new(index)} }
	hard := func(term, commit uint64) *pb.HardState { return &pb.HardState{Term: new(term), Commit: new(commit)} }
	cfg := &Config{Self: 1, Voters: []model.NodeID{1, 2, 3}}
	frames := []*pb.Message{
		bootstrapFrame(cfg),
		storageFrame(hard(2, 1), []*pb.Entry{entry(2, 2), entry(2, 3), entry(2, 4)}, nil),
		storageFrame(hard(3, 2), []*pb.Entry{entry(3, 3)}, nil),
		storageFrame(hard(4, 9), nil, nil),
	}
	found, err := recoverFrom(cfg, nil, frames)
	require.NoError(t, err)
	hs, _, err := found.memory.InitialState()
	require.NoError(t, err)
	require.EqualValues(t, 4, hs.GetTerm())
	require.EqualValues(t, 3, hs.GetCommit(), "no further than the log reaches")
	last, err := found.memory.LastIndex()
	require.NoError(t, err)
	require.EqualValues(t, 3, last)

	// A snapshot that is ahead of the log's start: the log behind it counts only
	// where it agrees with it.
	for name, c := range map[string]struct{ term, index, wantLast, wantTerm uint64 }{
		"agrees":    {2, 2, 3, 4},
		"differs":   {9, 2, 2, 9},
		"is beyond": {4, 7, 7, 4},
	} {
		snapshot := &pb.Snapshot{Metadata: &pb.SnapshotMetadata{ConfState: confState(cfg), Index: new(c.index), Term: new(c.term)}}
		found, err := recoverFrom(cfg, snapshot, frames)
		require.NoError(t, err, name)
		last, err := found.memory.LastIndex()
		require.NoError(t, err)
		require.Equal(t, c.wantLast, last, name)
		hs, _, err := found.memory.InitialState()
		require.NoError(t, err)
		require.Equal(t, c.wantTerm, hs.GetTerm(), name)
		require.GreaterOrEqual(t, hs.GetCommit(), c.index, name)
	}
}

// A crash may fall between a leader's snapshot and the log that continues it.
// Found by exploring: the next start but one found a gap in the log.
func TestACrashAfterASnapshotLeavesNoGap(t *testing.T) {
	cfg := &Config{Self: 1, Voters: []model.NodeID{1, 2, 3}, FS: storage.NewMemFS(), Dir: "/quorum"}
	d, _, err := openDisk(cfg)
	require.NoError(t, err)
	snapshot := &pb.Snapshot{Metadata: &pb.SnapshotMetadata{ConfState: confState(cfg), Index: new(uint64(7)), Term: new(uint64(4))}}
	require.NoError(t, writeSnapshot(cfg.FS, d.snapshotName, snapshot))

	d, found, err := openDisk(cfg)
	require.NoError(t, err)
	require.EqualValues(t, 7, found.snapshot)
	next := &pb.Entry{Term: new(uint64(4)), Index: new(uint64(8))}
	require.NoError(t, d.log.append(storageFrame(found.hard, []*pb.Entry{next}, nil)))

	_, found, err = openDisk(cfg)
	require.NoError(t, err)
	last, err := found.memory.LastIndex()
	require.NoError(t, err)
	require.EqualValues(t, 8, last)
	hs, _, err := found.memory.InitialState()
	require.NoError(t, err)
	require.EqualValues(t, 4, hs.GetTerm())
}
