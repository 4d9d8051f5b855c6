package sim

import (
	"hash/crc32"
	"math/bits"
	"time"
)

// eventHash runs over everything that goes into a broker and comes out of it, in
// order. Two runs with the same hash were the same run.
type eventHash struct{ sum uint64 }

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// add mixes words in. It is no defence against anybody who wants a collision.
func (h *eventHash) add(words ...uint64) {
	for _, w := range words {
		high, low := bits.Mul64(h.sum^0x9e3779b97f4a7c15, w^0xd1342543de82ef95)
		h.sum = high ^ low ^ bits.RotateLeft64(h.sum, 29)
	}
}

func (h *eventHash) bytes(b []byte) {
	h.add(uint64(len(b))<<32 | uint64(crc32.Checksum(b, castagnoli)))
}

func (h *eventHash) text(s string) { h.bytes([]byte(s)) }

// The kinds of what is hashed.
const (
	hashRequest uint64 = iota + 1
	hashRaft
	hashAnswer
	hashFailure
	hashSynced
	hashTick
	hashShutdown
	hashReply
	hashClose
	hashSend
	hashSendRaft
	hashSync
	hashWake
	hashTrace
	hashExit
	hashBoot
	hashDeath
)

func (n *node) hash(kind uint64, words ...uint64) {
	h := &n.sim.hash
	h.add(kind<<56 | uint64(n.id)<<48 ^ uint64(n.sim.now/time.Nanosecond))
	h.add(words...)
}
