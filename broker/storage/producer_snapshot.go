package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// A producer snapshot holds the producer state of the log below the offset in
// its name: magic u32, crc u32 of what follows, offset i64, then per producer
// id i64, epoch i16, timestamp i64, number of batches u8, and per batch two i32
// sequences and two i64 offsets. It is unsynced: the checksum tells whether all
// of it reached the disk, and an older one or the log itself can replace it.
const (
	snapshotMagic        = 0x41505331 // "APS1"
	snapshotHeaderSize   = 16
	snapshotProducerSize = 19
	snapshotBatchSize    = 24
)

var errSnapshotUnusable = errors.New("producer snapshot unusable")

func (p producers) encode(at model.Offset) []byte {
	data := make([]byte, 8, snapshotHeaderSize+len(p)*(snapshotProducerSize+rememberedBatches*snapshotBatchSize))
	data = binary.BigEndian.AppendUint64(data, uint64(at))
	for _, state := range p.sorted() {
		data = binary.BigEndian.AppendUint64(data, uint64(state.ProducerID))
		data = binary.BigEndian.AppendUint16(data, uint16(state.Epoch))
		data = binary.BigEndian.AppendUint64(data, uint64(state.LastTimestamp))
		data = append(data, byte(len(state.Batches)))
		for _, b := range state.Batches {
			data = binary.BigEndian.AppendUint32(data, uint32(b.FirstSequence))
			data = binary.BigEndian.AppendUint32(data, uint32(b.LastSequence))
			data = binary.BigEndian.AppendUint64(data, uint64(b.BaseOffset))
			data = binary.BigEndian.AppendUint64(data, uint64(b.LastOffset))
		}
	}
	binary.BigEndian.PutUint32(data[0:], snapshotMagic)
	binary.BigEndian.PutUint32(data[4:], crc32.Checksum(data[8:], castagnoli))
	return data
}

func decodeProducers(data []byte, at model.Offset) (producers, error) {
	switch {
	case len(data) < snapshotHeaderSize || binary.BigEndian.Uint32(data) != snapshotMagic:
		return nil, fmt.Errorf("%w: no header", errSnapshotUnusable)
	case binary.BigEndian.Uint32(data[4:]) != crc32.Checksum(data[8:], castagnoli):
		return nil, fmt.Errorf("%w: crc", errSnapshotUnusable)
	case model.Offset(binary.BigEndian.Uint64(data[8:])) != at:
		return nil, fmt.Errorf("%w: of another offset", errSnapshotUnusable)
	}
	p := producers{}
	for data = data[snapshotHeaderSize:]; len(data) > 0; {
		if len(data) < snapshotProducerSize {
			return nil, fmt.Errorf("%w: ends inside a producer", errSnapshotUnusable)
		}
		state := &ProducerState{
			ProducerID:    int64(binary.BigEndian.Uint64(data)),
			Epoch:         int16(binary.BigEndian.Uint16(data[8:])),
			LastTimestamp: int64(binary.BigEndian.Uint64(data[10:])),
		}
		count := int(data[18])
		data = data[snapshotProducerSize:]
		if count > rememberedBatches || len(data) < count*snapshotBatchSize {
			return nil, fmt.Errorf("%w: %d batches of producer %d", errSnapshotUnusable, count, state.ProducerID)
		}
		for range count {
			state.Batches = append(state.Batches, ProducerBatch{
				FirstSequence: int32(binary.BigEndian.Uint32(data)),
				LastSequence:  int32(binary.BigEndian.Uint32(data[4:])),
				BaseOffset:    model.Offset(binary.BigEndian.Uint64(data[8:])),
				LastOffset:    model.Offset(binary.BigEndian.Uint64(data[16:])),
			})
			data = data[snapshotBatchSize:]
		}
		p[state.ProducerID] = state
	}
	return p, nil
}

func (l *Log) snapshotPath(at model.Offset) string { return segmentPath(l.dir, at) + snapshotSuffix }

// snapshotProducers writes the state at the end of the log and removes the
// snapshots that no longer serve: all but this one and those at the start of a
// segment, from which a truncation can start over.
func (l *Log) snapshotProducers() error {
	if err := WriteFileAtomic(l.fs, l.snapshotPath(l.end), l.producers.encode(l.end), false); err != nil {
		return fmt.Errorf("producer snapshot at %d: %w", l.end, err)
	}
	if !slices.Contains(l.snapshots, l.end) {
		l.snapshots = append(l.snapshots, l.end)
		slices.Sort(l.snapshots)
	}
	l.namesChanged()
	return l.removeSnapshots(func(at model.Offset) bool { return at != l.end && !l.isSegmentBase(at) })
}

func (l *Log) isSegmentBase(at model.Offset) bool {
	return slices.ContainsFunc(l.segments, func(s *segment) bool { return s.base == at })
}

func (l *Log) removeSnapshots(doomed func(at model.Offset) bool) error {
	var kept []model.Offset
	for _, at := range l.snapshots {
		if !doomed(at) {
			kept = append(kept, at)
			continue
		}
		if err := l.fs.Remove(l.snapshotPath(at)); err != nil {
			return fmt.Errorf("remove producer snapshot: %w", err)
		}
		l.namesChanged()
	}
	l.snapshots = kept
	return nil
}

// reloadProducers builds the state of the whole log: the newest usable snapshot,
// none being above the end, and what was appended after it.
func (l *Log) reloadProducers() error {
	l.producers = producers{}
	from := l.segments[0].base
	for _, at := range slices.Backward(l.snapshots) {
		if at < from {
			continue
		}
		data, found, err := ReadFile(l.fs, l.snapshotPath(at))
		if err != nil {
			return err
		}
		if loaded, err := decodeProducers(data, at); found && err == nil {
			if l.producers, from = loaded, at; l.cfg.Mutants.Has(mutant.ProducerSnapshotNotReplayed) {
				return nil
			}
			break
		}
	}
	for _, s := range l.segments {
		if s.next <= from {
			continue
		}
		_, fault, err := s.scan(s.index.position(from), s.size, func(_ int64, b Batch) error {
			if b.BaseOffset() >= from {
				l.producers.took(b)
			}
			return nil
		})
		if err := errors.Join(fault, err); err != nil {
			return fmt.Errorf("replay producers: %w", err)
		}
	}
	return nil
}
