package controller

import (
	"bytes"
	"errors"
	"fmt"
	"path"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/ackproof/ackproof/broker/storage"
)

// ErrCorrupt says that the quorum's files hold what no crash can have left.
var ErrCorrupt = errors.New("quorum log is corrupt")

// walMagic begins the log. Its digit is that of the frames' and the entries' form:
// what an earlier build wrote is refused. AKPQLOG1 had entries in JSON.
const walMagic = "AKPQLOG2"

// wal is the durable half of the Raft log: a magic word and then frames, each
// one Raft MsgStorageAppend message, which is to say a hard state and entries.
// The first frame names in addition the snapshot that the log continues.
//
// A frame is synced before the next one is appended, so a crash can tear only
// the last: a bad frame with a good one behind it is corruption, not a crash.
type wal struct {
	fs   storage.FS
	name string
	file storage.File
}

// openWAL reads the log's frames and cuts a torn last one off, durably. What it
// leaves may be in the page cache alone: see harden.
func openWAL(fs storage.FS, name string) (*wal, []*pb.Message, error) {
	data, _, err := storage.ReadFile(fs, name)
	if err != nil {
		return nil, nil, err
	}
	frames, good, err := decodeWAL(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	file, err := fs.OpenFile(name)
	if err != nil {
		return nil, nil, err
	}
	w := &wal{fs: fs, name: name, file: file}
	if good < int64(len(data)) {
		if err := errors.Join(file.Truncate(good), file.Sync()); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("cut torn tail of %s: %w", name, err), w.close())
		}
	}
	return w, frames, nil
}

// harden makes what was found durable, its name too. A process that was killed
// before its sync was over has left it in the page cache alone, and Raft tells the
// others of all that it starts with.
func (w *wal) harden() error {
	if err := errors.Join(w.file.Sync(), w.fs.SyncDir(path.Dir(w.name))); err != nil {
		return fmt.Errorf("sync %s: %w", w.name, err)
	}
	return nil
}

// createWAL puts a log of one frame in place of whatever is there, durably.
func createWAL(fs storage.FS, name string, first *pb.Message) (*wal, error) {
	payload, err := marshal(first)
	if err != nil {
		return nil, err
	}
	if err := storage.WriteFileAtomic(fs, name, appendFrame([]byte(walMagic), payload), true); err != nil {
		return nil, err
	}
	file, err := fs.OpenFile(name)
	if err != nil {
		return nil, err
	}
	return &wal{fs: fs, name: name, file: file}, nil
}

// append adds a frame; it is durable once the file is synced.
func (w *wal) append(m *pb.Message) error {
	payload, err := marshal(m)
	if err != nil {
		return err
	}
	if err := w.file.Append(appendFrame(nil, payload)); err != nil {
		return fmt.Errorf("append to %s: %w", w.name, err)
	}
	return nil
}

func (w *wal) close() error { return w.file.Close() }

// decodeWAL returns the good frames and where they end.
func decodeWAL(data []byte) ([]*pb.Message, int64, error) {
	if !bytes.HasPrefix(data, []byte(walMagic)) {
		return nil, 0, fmt.Errorf("%w: it begins with %q, allowed is %q", ErrCorrupt, data[:min(len(data), len(walMagic))], walMagic)
	}
	var frames []*pb.Message
	rest := data[len(walMagic):]
	for len(rest) > 0 {
		at := int64(len(data) - len(rest))
		payload, behind, err := readFrame(rest)
		if err != nil {
			if next, found := findFrame(rest[1:]); found {
				return nil, 0, fmt.Errorf("%w: at byte %d: %w, but a good frame follows at byte %d", ErrCorrupt, at, err, at+1+int64(next))
			}
			break
		}
		m := &pb.Message{}
		if err := proto.Unmarshal(payload, m); err != nil {
			return nil, 0, fmt.Errorf("%w: frame at byte %d: %w", ErrCorrupt, at, err)
		}
		frames, rest = append(frames, m), behind
	}
	if len(frames) == 0 {
		// The file was put in place whole, with its first frame.
		return nil, 0, fmt.Errorf("%w: its first frame is damaged", ErrCorrupt)
	}
	return frames, int64(len(data) - len(rest)), nil
}

// findFrame looks for a good frame anywhere in buf.
func findFrame(buf []byte) (int, bool) {
	for at := range buf {
		if _, _, err := readFrame(buf[at:]); err == nil {
			return at, true
		}
	}
	return 0, false
}

func marshal(m proto.Message) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(m)
}
