package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"sort"

	"github.com/ackproof/ackproof/broker/model"
)

// noTimestamp is below every timestamp that a record can carry.
const noTimestamp int64 = math.MinInt64

// offsetEntry says that the batch with this base offset starts at this byte.
type offsetEntry struct {
	offset   model.Offset
	position int64
}

// timeEntry says that no batch up to the one at offset has a later timestamp
// than this, which is that batch's own.
type timeEntry struct {
	timestamp int64
	offset    model.Offset
}

// index finds the place in a segment from which to scan for an offset or a
// timestamp. It lives in memory, one entry per interval of bytes, and is
// written out whole when its segment is sealed: an index on disk is either
// provably that of its segment or rebuilt.
type index struct {
	offsets []offsetEntry
	times   []timeEntry
	latest  timeEntry // of the whole segment
	since   int64     // bytes since the last entry
}

func newIndex() index { return index{latest: timeEntry{timestamp: noTimestamp}} }

// add takes in the batch at position.
func (x *index) add(b Batch, position, interval int64) {
	x.addTimestamp(b)
	if x.since > interval {
		x.offsets = append(x.offsets, offsetEntry{b.BaseOffset(), position})
		x.addLatest()
		x.since = 0
	}
	x.since += int64(len(b))
}

func (x *index) addTimestamp(b Batch) {
	if ts := b.MaxTimestamp(); ts > x.latest.timestamp {
		x.latest = timeEntry{ts, b.BaseOffset()}
	}
}

func (x *index) addLatest() {
	if n := len(x.times); n == 0 || x.times[n-1].timestamp < x.latest.timestamp {
		x.times = append(x.times, x.latest)
	}
}

// position gives a byte at or before the batch that contains the offset.
func (x *index) position(offset model.Offset) int64 {
	i := sort.Search(len(x.offsets), func(i int) bool { return x.offsets[i].offset > offset })
	if i == 0 {
		return 0
	}
	return x.offsets[i-1].position
}

// before gives an offset such that every batch below it is older than ts.
func (x *index) before(ts int64, base model.Offset) model.Offset {
	i := sort.Search(len(x.times), func(i int) bool { return x.times[i].timestamp > ts })
	if i == 0 {
		return base
	}
	return x.times[i-1].offset
}

// cut forgets everything from an offset on. The latest timestamp is then only
// known of the batches before the byte that it returns.
func (x *index) cut(end model.Offset) (from int64) {
	keep := sort.Search(len(x.offsets), func(i int) bool { return x.offsets[i].offset >= end })
	x.offsets = x.offsets[:keep]
	keep = sort.Search(len(x.times), func(i int) bool { return x.times[i].offset >= end })
	x.times = x.times[:keep]
	x.latest = timeEntry{timestamp: noTimestamp}
	if keep > 0 {
		x.latest = x.times[keep-1]
	}
	return x.position(end)
}

// An index file starts with what it covers, so that one left over from before
// a truncation or half written is recognised:
// magic u32, crc u32 of what follows, segment size i64, segment's next offset
// i64, then pairs of i64. The time index's last pair is the latest of all.
const (
	indexMagic      = 0x41504931 // "API1"
	indexHeaderSize = 24
	indexPairSize   = 16
)

var errIndexUnusable = errors.New("index file unusable")

type indexCover struct {
	size int64
	next model.Offset
}

func encodePairs(cover indexCover, n int, pair func(i int) (int64, int64)) []byte {
	data := make([]byte, 8, indexHeaderSize+n*indexPairSize)
	data = binary.BigEndian.AppendUint64(data, uint64(cover.size))
	data = binary.BigEndian.AppendUint64(data, uint64(cover.next))
	for i := range n {
		first, second := pair(i)
		data = binary.BigEndian.AppendUint64(data, uint64(first))
		data = binary.BigEndian.AppendUint64(data, uint64(second))
	}
	binary.BigEndian.PutUint32(data[0:], indexMagic)
	binary.BigEndian.PutUint32(data[4:], crc32.Checksum(data[8:], castagnoli))
	return data
}

func decodePairs(data []byte, each func(first, second int64)) (indexCover, error) {
	if len(data) < indexHeaderSize || (len(data)-indexHeaderSize)%indexPairSize != 0 {
		return indexCover{}, fmt.Errorf("%w: %d bytes", errIndexUnusable, len(data))
	}
	if binary.BigEndian.Uint32(data) != indexMagic {
		return indexCover{}, fmt.Errorf("%w: magic %08x", errIndexUnusable, data[:4])
	}
	if binary.BigEndian.Uint32(data[4:]) != crc32.Checksum(data[8:], castagnoli) {
		return indexCover{}, fmt.Errorf("%w: crc", errIndexUnusable)
	}
	cover := indexCover{
		size: int64(binary.BigEndian.Uint64(data[8:])),
		next: model.Offset(binary.BigEndian.Uint64(data[16:])),
	}
	for pairs := data[indexHeaderSize:]; len(pairs) > 0; pairs = pairs[indexPairSize:] {
		each(int64(binary.BigEndian.Uint64(pairs)), int64(binary.BigEndian.Uint64(pairs[8:])))
	}
	return cover, nil
}

// write stores both index files, unsynced.
func (x *index) write(fs FS, offsetPath, timePath string, cover indexCover) error {
	offsets := encodePairs(cover, len(x.offsets), func(i int) (int64, int64) {
		return int64(x.offsets[i].offset), x.offsets[i].position
	})
	if err := WriteFileAtomic(fs, offsetPath, offsets, false); err != nil {
		return err
	}
	entries := append(slices.Clone(x.times), x.latest)
	times := encodePairs(cover, len(entries), func(i int) (int64, int64) {
		return entries[i].timestamp, int64(entries[i].offset)
	})
	return WriteFileAtomic(fs, timePath, times, false)
}

// readIndex loads both index files; errIndexUnusable if they are missing,
// damaged or not of one segment.
func readIndex(fs FS, offsetPath, timePath string) (index, indexCover, error) {
	x := newIndex()
	cover, err := readPairs(fs, offsetPath, func(offset, position int64) {
		x.offsets = append(x.offsets, offsetEntry{model.Offset(offset), position})
	})
	if err != nil {
		return x, cover, err
	}
	timeCover, err := readPairs(fs, timePath, func(ts, offset int64) {
		x.times = append(x.times, timeEntry{ts, model.Offset(offset)})
	})
	if err != nil {
		return x, cover, err
	}
	if timeCover != cover || len(x.times) == 0 {
		return x, cover, fmt.Errorf("%w: time index of another segment state", errIndexUnusable)
	}
	last := len(x.times) - 1
	x.latest, x.times = x.times[last], x.times[:last]
	if n := len(x.offsets); n > 0 {
		x.since = cover.size - x.offsets[n-1].position
	} else {
		x.since = cover.size
	}
	return x, cover, nil
}

func readPairs(fs FS, name string, each func(first, second int64)) (indexCover, error) {
	data, found, err := ReadFile(fs, name)
	if err != nil {
		return indexCover{}, err
	}
	if !found {
		return indexCover{}, fmt.Errorf("%w: %s is missing", errIndexUnusable, name)
	}
	cover, err := decodePairs(data, each)
	if err != nil {
		return indexCover{}, fmt.Errorf("%s: %w", name, err)
	}
	return cover, nil
}
