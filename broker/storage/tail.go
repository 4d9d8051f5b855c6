package storage

import (
	"sort"

	"github.com/ackproof/ackproof/broker/model"
)

// tail keeps the most recently appended batches in memory, so that followers
// and consumers at the end of the log cost no system call. Batches are kept as
// handed over, not copied.
type tail struct {
	batches []Batch // oldest first, from head on
	head    int
	bytes   int
	limit   int
}

func (t *tail) add(b Batch) {
	t.batches = append(t.batches, b)
	t.bytes += len(b)
	for t.bytes > t.limit && t.head < len(t.batches) {
		t.bytes -= len(t.batches[t.head])
		t.batches[t.head] = nil
		t.head++
	}
	if t.head > len(t.batches)/2 {
		n := copy(t.batches, t.batches[t.head:])
		clear(t.batches[n:])
		t.batches, t.head = t.batches[:n], 0
	}
}

// cut forgets the batches from this base offset on.
func (t *tail) cut(end model.Offset) {
	for len(t.batches) > t.head && t.batches[len(t.batches)-1].BaseOffset() >= end {
		last := len(t.batches) - 1
		t.bytes -= len(t.batches[last])
		t.batches[last] = nil
		t.batches = t.batches[:last]
	}
}

// read copies whole batches from the one that contains from. held is false if
// that one is not here.
func (t *tail) read(from model.Offset, bound readBound) (data []byte, held bool) {
	kept := t.batches[t.head:]
	if len(kept) == 0 || from < kept[0].BaseOffset() {
		return nil, false
	}
	first := t.find(from) - t.head
	total, last := 0, first
	for ; last < len(kept) && bound.admits(kept[last], total); last++ {
		total += len(kept[last])
	}
	if total == 0 {
		return nil, true
	}
	data = make([]byte, 0, total)
	for _, b := range kept[first:last] {
		data = append(data, b...)
	}
	return data, true
}

// find gives the place of the batch that contains an offset, or would.
func (t *tail) find(offset model.Offset) int {
	kept := t.batches[t.head:]
	return t.head + sort.Search(len(kept), func(i int) bool { return kept[i].NextOffset() > offset })
}
