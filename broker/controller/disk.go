package controller

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/broker/storage"
)

// Every log starts as if it continued a snapshot at this point, in which the
// voters were already agreed on: no configuration change is ever needed.
const (
	bootstrapIndex = 1
	bootstrapTerm  = 1
)

// disk is what the quorum keeps across a crash: a log that continues a snapshot.
type disk struct {
	log          *wal
	snapshotName string
}

// recovered is what was found on disk.
type recovered struct {
	memory   *raft.MemoryStorage
	image    *Image
	snapshot uint64 // the index that image stands at

	meta    *pb.SnapshotMetadata
	hard    *pb.HardState
	entries []*pb.Entry // behind the snapshot
}

// openDisk reads the quorum's files, or makes them if there are none.
func openDisk(cfg *Config) (*disk, *recovered, error) {
	if err := makeDir(cfg.FS, cfg.Dir); err != nil {
		return nil, nil, err
	}
	d := &disk{snapshotName: path.Join(cfg.Dir, "quorum.snapshot")}
	logName := path.Join(cfg.Dir, "quorum.log")
	snapshot, err := readSnapshot(cfg.FS, d.snapshotName)
	if err != nil {
		return nil, nil, err
	}
	exists, err := cfg.FS.Exists(logName)
	if err != nil {
		return nil, nil, err
	}
	if !exists {
		if snapshot != nil {
			return nil, nil, fmt.Errorf("%w: %s is there, but %s is missing", ErrCorrupt, d.snapshotName, logName)
		}
		if d.log, err = createWAL(cfg.FS, logName, bootstrapFrame(cfg)); err != nil {
			return nil, nil, err
		}
		if err := d.log.close(); err != nil {
			return nil, nil, err
		}
	}
	log, frames, err := openWAL(cfg.FS, logName)
	if err != nil {
		return nil, nil, err
	}
	d.log = log
	if !cfg.Mutants.Has(mutant.RecoveredEntriesUnsynced) {
		if err := log.harden(); err != nil {
			return nil, nil, errors.Join(err, log.close())
		}
	}
	found, err := recoverFrom(cfg, snapshot, frames)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", cfg.Dir, err), log.close())
	}
	if start := frames[0].GetSnapshot().GetMetadata(); start.GetIndex() != found.meta.GetIndex() {
		if err := d.finish(found); err != nil {
			return nil, nil, errors.Join(err, log.close())
		}
	}
	return d, found, nil
}

// finish does what a crash in the midst of restart has left undone. The log that
// is there ends before the snapshot or overlaps it; what is appended from now on
// would follow neither.
func (d *disk) finish(found *recovered) error {
	if err := d.log.close(); err != nil {
		return err
	}
	log, err := createWAL(d.log.fs, d.log.name, storageFrame(found.hard, found.entries, found.meta))
	if err != nil {
		return err
	}
	d.log = log
	return nil
}

// makeDir makes a directory and what is missing above it, durably.
func makeDir(fs storage.FS, dir string) error {
	unsynced := []string{path.Dir(dir)}
	for {
		parent := unsynced[len(unsynced)-1]
		exists, err := fs.Exists(parent)
		if err != nil {
			return err
		}
		if exists || parent == path.Dir(parent) {
			break
		}
		unsynced = append(unsynced, path.Dir(parent))
	}
	if err := fs.MkdirAll(dir); err != nil {
		return err
	}
	for _, parent := range unsynced {
		if err := fs.SyncDir(parent); err != nil {
			return err
		}
	}
	return nil
}

func bootstrapFrame(cfg *Config) *pb.Message {
	return storageFrame(
		&pb.HardState{Term: new(uint64(bootstrapTerm)), Commit: new(uint64(bootstrapIndex))},
		nil,
		&pb.SnapshotMetadata{
			ConfState: confState(cfg),
			Index:     new(uint64(bootstrapIndex)),
			Term:      new(uint64(bootstrapTerm)),
		})
}

// confState lists the voters under their Raft ids, which may not be 0.
func confState(cfg *Config) *pb.ConfState {
	cs := &pb.ConfState{}
	for _, id := range slices.Sorted(slices.Values(cfg.Voters)) {
		cs.Voters = append(cs.Voters, raftID(id))
	}
	return pb.EnsureConfState(cs)
}

// storageFrame is one frame of the log. The snapshot is only named: its data has
// a file of its own.
func storageFrame(hs *pb.HardState, entries []*pb.Entry, snapshot *pb.SnapshotMetadata) *pb.Message {
	m := &pb.Message{
		Type:    pb.MsgStorageAppend.Enum(),
		Term:    new(hs.GetTerm()),
		Vote:    new(hs.GetVote()),
		Commit:  new(hs.GetCommit()),
		Entries: entries,
	}
	if snapshot != nil {
		m.Snapshot = &pb.Snapshot{Metadata: snapshot}
	}
	return m
}

// restart makes a snapshot durable and then lets the log start from it. A crash
// in between leaves a snapshot that is ahead of the log, which recoverFrom knows
// how to read, and finish how to mend.
func (d *disk) restart(snapshot *pb.Snapshot, hs *pb.HardState, entries []*pb.Entry) error {
	if err := writeSnapshot(d.log.fs, d.snapshotName, snapshot); err != nil {
		return err
	}
	if err := d.log.close(); err != nil {
		return err
	}
	log, err := createWAL(d.log.fs, d.log.name, storageFrame(hs, entries, snapshot.GetMetadata()))
	if err != nil {
		return err
	}
	d.log = log
	return nil
}

// recoverFrom puts snapshot and log together.
func recoverFrom(cfg *Config, snapshot *pb.Snapshot, frames []*pb.Message) (*recovered, error) {
	start := frames[0].GetSnapshot().GetMetadata()
	if snapshot == nil {
		snapshot = &pb.Snapshot{Metadata: start}
		if start.GetIndex() != bootstrapIndex {
			return nil, fmt.Errorf("%w: the log continues a snapshot at index %d, which is missing", ErrCorrupt, start.GetIndex())
		}
	}
	meta := snapshot.GetMetadata()
	if meta.GetIndex() < start.GetIndex() {
		return nil, fmt.Errorf("%w: the log continues a snapshot at index %d, the one there is of index %d",
			ErrCorrupt, start.GetIndex(), meta.GetIndex())
	}
	if got, want := meta.GetConfState().GetVoters(), confState(cfg).GetVoters(); !slices.Equal(got, want) {
		return nil, fmt.Errorf("voters %v: the metadata was made for voters %v, and they are fixed", cfg.Voters, nodeIDs(got))
	}
	entries, hs, err := replay(start.GetIndex(), frames)
	if err != nil {
		return nil, err
	}
	entries = continuation(start, meta, entries)
	last := meta.GetIndex() + uint64(len(entries))
	hs.Commit = new(min(max(hs.GetCommit(), meta.GetIndex()), last))
	if hs.GetTerm() < meta.GetTerm() {
		hs.Term, hs.Vote = new(meta.GetTerm()), new(raft.None)
	}
	image := NewImage()
	image.Index = meta.GetIndex()
	if len(snapshot.GetData()) > 0 {
		if image, err = decodeImage(snapshot.GetData()); err != nil {
			return nil, err
		}
	}
	memory := raft.NewMemoryStorage()
	if err := errors.Join(memory.ApplySnapshot(snapshot), memory.SetHardState(hs), memory.Append(entries)); err != nil {
		return nil, err
	}
	return &recovered{
		memory: memory, image: image, snapshot: meta.GetIndex(), meta: meta, hard: hs, entries: entries,
	}, nil
}

// replay gives the last hard state and the entries that the frames add up to,
// the first of which follows start. Entries of a later frame overwrite.
func replay(start uint64, frames []*pb.Message) ([]*pb.Entry, *pb.HardState, error) {
	var entries []*pb.Entry
	hs := &pb.HardState{}
	for _, frame := range frames {
		hs = &pb.HardState{Term: frame.Term, Vote: frame.Vote, Commit: frame.Commit}
		for _, e := range frame.GetEntries() {
			keep := e.GetIndex() - start - 1
			if e.GetIndex() <= start || keep > uint64(len(entries)) {
				return nil, nil, fmt.Errorf("%w: entry %d after entry %d", ErrCorrupt, e.GetIndex(), start+uint64(len(entries)))
			}
			entries = append(entries[:keep], e)
		}
	}
	return entries, hs, nil
}

// continuation gives the entries behind a snapshot that may be ahead of where
// the log starts. Raft takes a leader's snapshot only where its own log differs
// or ends, so if the term at the snapshot's index is another one, all that
// follows is void.
func continuation(start, meta *pb.SnapshotMetadata, entries []*pb.Entry) []*pb.Entry {
	ahead := meta.GetIndex() - start.GetIndex()
	if ahead == 0 {
		return entries
	}
	if ahead > uint64(len(entries)) || entries[ahead-1].GetTerm() != meta.GetTerm() {
		return nil
	}
	return entries[ahead:]
}
