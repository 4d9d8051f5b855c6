package sim

import (
	"errors"
	"time"

	"github.com/ackproof/ackproof/broker/storage"
)

// errIO is what a failing disk says.
var errIO = errors.New("input/output error")

// powerCut unwinds a step in the middle of a write.
type powerCut struct{}

// disk is a machine's disk: see storage.MemFS for what it forgets.
type disk struct {
	fs    *storage.MemFS
	draw  stream
	tasks *tasks
	takes time.Duration // an fsync, at most
	// mode is its fault: "" if it has none.
	mode string
	held []func() // syncs that a stall keeps from ending
}

// The faults of a disk.
const (
	diskFails  = "eio"
	diskFull   = "full"
	diskStalls = "stall"
)

func (d *disk) faulty() bool { return d.mode == diskFails || d.mode == diskFull }

// whenSynced lets an fsync end.
func (d *disk) whenSynced(end func()) {
	d.tasks.after(d.draw.upTo(d.takes), func() {
		if d.mode == diskStalls {
			d.held = append(d.held, end)
			return
		}
		end()
	})
}

// set makes the disk faulty, or healthy with "".
func (d *disk) set(mode string) {
	d.mode = mode
	d.fs.FreeUp()
	switch mode {
	case diskFails:
		d.fs.FailNext(storage.OpAppend, errIO)
	case diskFull:
		d.fs.FillUp(0)
	}
	if mode != diskStalls {
		held := d.held
		d.held = nil
		for _, end := range held {
			d.tasks.after(0, end)
		}
	}
}

// losePower forgets what was not synced. Torn leaves pieces of it: of what was
// appended since the last sync a drawn part survives, and its last sector may
// hold anything.
func (d *disk) losePower(torn bool) (lost int64) {
	before := d.bytes()
	if !torn {
		d.fs.Crash()
		return before - d.bytes()
	}
	d.fs.CrashTorn(func(_ string, synced, written []byte) []byte {
		if len(written) <= len(synced) {
			return synced
		}
		keep := len(synced) + d.draw.IntN(len(written)-len(synced)+1)
		left := append([]byte{}, written[:keep]...)
		copy(left, synced)
		if keep > len(synced) && d.draw.IntN(2) == 0 {
			left[len(synced)+d.draw.IntN(keep-len(synced))] ^= 0x5a
		}
		return left
	})
	return before - d.bytes()
}

// bytes is the size of the partition data.
func (d *disk) bytes() int64 { return d.fs.Size(logDir) }
