package storage

import (
	"fmt"
	"hash/crc32"
	"path"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

const (
	checkpointFile   = "recovery-point"
	checkpointFormat = "ackproof recovery point, version 1\nrecovery_point %d\nlog_start %d\n"
	checkpointCRC    = "crc32c %08x\n"
)

// checkpoint is what a log knows about itself beyond its segments.
type checkpoint struct {
	recovery model.Offset // everything below is on disk and needs no scan
	start    model.Offset
}

func (c checkpoint) encode() []byte {
	body := fmt.Sprintf(checkpointFormat, c.recovery, c.start)
	return fmt.Appendf(nil, "%s"+checkpointCRC, body, crc32.Checksum([]byte(body), castagnoli))
}

// parseCheckpoint accepts exactly what encode writes.
func parseCheckpoint(data []byte) (checkpoint, bool) {
	var c checkpoint
	if n, err := fmt.Sscanf(string(data), checkpointFormat, &c.recovery, &c.start); n != 2 || err != nil {
		return checkpoint{}, false
	}
	if string(c.encode()) != string(data) {
		return checkpoint{}, false
	}
	return c, true
}

// readCheckpoint gives the zero checkpoint, which claims nothing, if there is
// none or it is damaged.
func readCheckpoint(fs FS, dir string) (c checkpoint, damaged bool, err error) {
	data, found, err := ReadFile(fs, path.Join(dir, checkpointFile))
	if err != nil || !found {
		return checkpoint{}, false, err
	}
	c, ok := parseCheckpoint(data)
	return c, !ok, nil
}

// Checkpoint stores recovery point and log start, durably. Until then a power
// loss means a longer scan, and may bring back records below the start.
func (l *Log) Checkpoint() error {
	if err := l.Err(); err != nil {
		return err
	}
	now := checkpoint{l.flushed, l.start}
	if l.cfg.Mutants.Has(mutant.RecoveryPointBeforeSync) {
		now.recovery = l.end
	}
	if now == l.durable {
		return nil
	}
	if err := l.writeCheckpoint(now); err != nil {
		return l.Fail(err)
	}
	return nil
}

// lowerCheckpoint makes sure, durably, that neither recovery point nor start is
// above an offset. It comes before the records above are touched: otherwise a
// crash would leave a recovery point that vouches for records written later and
// never synced, or a start that no record reaches.
func (l *Log) lowerCheckpoint(to model.Offset) error {
	lowered := checkpoint{min(l.durable.recovery, to), min(l.durable.start, to)}
	if lowered == l.durable {
		return nil
	}
	return l.writeCheckpoint(lowered)
}

func (l *Log) writeCheckpoint(c checkpoint) error {
	name := path.Join(l.dir, checkpointFile)
	if err := WriteFileAtomic(l.fs, name, c.encode(), true); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	l.durable = c
	return nil
}
