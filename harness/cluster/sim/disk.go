package sim

import (
	"errors"
	"time"

	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/nemesis"
)

// errIO is what a failing disk says.
var errIO = errors.New("input/output error")

// deathAtWrite unwinds a step of a broker that dies before it writes.
type deathAtWrite struct{}

// dieBefore lets the process end before the nth change of the disk from now.
func (d *disk) dieBefore(n int) {
	d.fs.Interrupt = func() {
		if n--; n == 0 {
			panic(deathAtWrite{})
		}
	}
}

// disk is a machine's disk: see storage.MemFS for what it forgets.
type disk struct {
	fs     *storage.MemFS
	draw   dice
	tasks  *tasks
	takes  time.Duration // an fsync, at most
	mode   nemesis.DiskMode
	held   []func() // syncs that a stall keeps from ending
	stalls int64
}

// trouble counts what the disk refused, or held back, since the start.
func (d *disk) trouble() int64 { return d.stalls + d.fs.Refused() }

// whenSynced lets an fsync end.
func (d *disk) whenSynced(end func()) {
	d.tasks.after(d.draw.upTo(d.takes), func() {
		if d.mode == nemesis.DiskStall {
			d.stalls++
			d.held = append(d.held, end)
			return
		}
		end()
	})
}

// set makes the disk faulty or healthy.
func (d *disk) set(mode nemesis.DiskMode) {
	d.mode = mode
	d.fs.FreeUp()
	d.fs.FailNoMore()
	switch mode {
	case nemesis.DiskError:
		switch d.draw.IntN(3) {
		case 0:
			d.fs.FailNext(storage.OpAppend, errIO)
		case 1:
			d.fs.FailNext(storage.OpSync, errIO)
		default:
			d.fs.FailEach(storage.OpSync, errIO)
		}
	case nemesis.DiskFull:
		d.fs.FillUp(0)
	}
	if mode != nemesis.DiskStall {
		held := d.held
		d.held = nil
		for _, end := range held {
			d.tasks.after(0, end)
		}
	}
}

// losePower forgets what was not synced. Torn leaves pieces of it: of what was
// appended since the last sync all, nothing, or a drawn part survives, and the file
// may have kept its length, with zeros where nothing was written yet. Bytes do not change: that
// would be a disk that lies, and a batch's leader epoch is under no checksum.
func (d *disk) losePower(torn bool) (lost int64) {
	before := d.bytes()
	if !torn {
		d.fs.Crash()
		return before - d.bytes()
	}
	d.writeBackNames()
	d.fs.CrashTorn(func(_ string, synced, written []byte) []byte {
		if len(written) <= len(synced) {
			return synced
		}
		switch d.draw.IntN(5) {
		case 0:
			return synced
		case 1, 2:
			return written
		}
		keep := len(synced) + d.draw.IntN(len(written)-len(synced)+1)
		left := append([]byte{}, written[:keep]...)
		copy(left, synced)
		if d.draw.IntN(2) == 0 {
			left = append(left, make([]byte, len(written)-keep)...)
		}
		return left
	})
	return before - d.bytes()
}

// writeBackNames makes the names in some of the directories durable, as a file
// system does by itself within seconds: what was not synced may survive, and a file
// may have a name and less of its content than another one that was made later.
func (d *disk) writeBackNames() {
	for _, dir := range d.fs.Dirs() {
		if d.draw.IntN(2) == 0 {
			_ = d.fs.SyncDir(dir) // a disk that refuses that leaves it as it is
		}
	}
}

// bytes is the size of the partition data.
func (d *disk) bytes() int64 { return d.fs.Size(logDir) }
