package clock

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
)

// Supported tells why clocks cannot be skewed by this build; nil if they can.
// Whether this kernel and these privileges allow it, Probe tells.
func Supported() error { return nil }

const (
	// installTries is how often threads may be met inside the few bytes that are
	// replaced, which they leave in a nanosecond.
	installTries = 50
	tryPause     = time.Millisecond
)

// Process is a process whose wall clock is ours. Not for concurrent use.
type Process struct {
	pid  int
	vdso *vdso
	base int64 // address of the program
}

// Install takes a process's clock over; until the first Set it goes on as it
// was. A process that has been taken over is adopted. It stops the process for
// a few milliseconds.
func Install(pid int) (*Process, error) {
	return install(pid, func(write func([]uint64) error) error { return whileStopped(pid, write) })
}

// install writes the patch while stop holds the process.
func install(pid int, stop func(write func(at []uint64) error) error) (*Process, error) {
	v, err := openVDSO(pid)
	if err != nil {
		return nil, fmt.Errorf("clock of process %d: %w", pid, err)
	}
	p, err := takeOver(v, stop)
	if err != nil {
		_ = v.memory.Close()
		return nil, fmt.Errorf("clock of process %d: %w", pid, err)
	}
	return &Process{pid: pid, vdso: v, base: v.start + int64(p.base)}, nil
}

func takeOver(v *vdso, stop func(write func(at []uint64) error) error) (*patch, error) {
	p, err := find(v.image, v.functions)
	if err != nil || p != nil {
		return p, err
	}
	if p, err = plan(v.image, v.functions); err != nil {
		return nil, err
	}
	for range installTries {
		err = stop(func(at []uint64) error { return v.write(p, at) })
		if !errors.Is(err, errBusy) {
			break
		}
		time.Sleep(tryPause)
	}
	return p, err
}

// write puts a patch in place under threads that stand at the given positions:
// first the program, then the jumps to it.
func (v *vdso) write(p *patch, at []uint64) error {
	positions := make([]int, len(at))
	for i, address := range at {
		positions[i] = int(int64(address) - v.start)
	}
	if p.blockedBy(positions) {
		return errBusy
	}
	if err := writeMemory(v.memory, p.code, v.start+int64(p.base)); err != nil {
		return fmt.Errorf("write vDSO: %w", err)
	}
	for at, jump := range p.jumps {
		if err := writeMemory(v.memory, jump, v.start+int64(at)); err != nil {
			return fmt.Errorf("write vDSO: %w", err)
		}
	}
	return nil
}

// Set makes the clock differ from the host's by offset, and run at rate from
// now on (0 stands for 1).
func (p *Process) Set(offset time.Duration, rate float64) error {
	return p.Apply(Setting{Offset: offset, Rate: rate, Since: time.Now()})
}

// Apply makes the clock what the setting says. A setting whose Since is in the
// past gives a process that started late the clock that others have.
func (p *Process) Apply(s Setting) error {
	if err := s.Validate(); err != nil {
		return err
	}
	if err := p.write(s.slot()); err != nil {
		return fmt.Errorf("set clock of process %d: %w", p.pid, err)
	}
	return nil
}

// write changes the slot that is not read at the moment, then names it.
func (p *Process) write(s slot) error {
	sequence, _, err := p.numbers()
	if err != nil {
		return err
	}
	sequence++
	var numbers []byte
	for _, number := range []int64{s.offset, s.since, s.excess} {
		numbers = binary.LittleEndian.AppendUint64(numbers, uint64(number))
	}
	if err := writeMemory(p.vdso.memory, numbers, p.base+int64(slotsOffset+int(sequence%2)*slotSize)); err != nil {
		return err
	}
	return writeMemory(p.vdso.memory, binary.LittleEndian.AppendUint64(nil, sequence), p.base+int64(sequenceOffset))
}

// numbers reads the sequence and the slot that holds.
func (p *Process) numbers() (sequence uint64, s slot, err error) {
	data := make([]byte, codeOffset)
	if err := readMemory(p.vdso.memory, data, p.base); err != nil {
		return 0, slot{}, err
	}
	if string(data[:len(signature)]) != signature {
		return 0, slot{}, ErrGone
	}
	sequence = binary.LittleEndian.Uint64(data[sequenceOffset:])
	held := data[slotsOffset+int(sequence%2)*slotSize:]
	number := func(i int) int64 { return int64(binary.LittleEndian.Uint64(held[8*i:])) }
	return sequence, slot{offset: number(0), since: number(1), excess: number(2)}, nil
}

// Gone tells whether the process has ended or become another program. Its clock
// is the host's then.
func (p *Process) Gone() bool {
	_, _, err := p.numbers()
	return errors.Is(err, ErrGone)
}

// Read reads the clock back: it checks in the process's memory that the code is
// in place, and computes from the numbers there what the code would.
func (p *Process) Read() (Reading, error) {
	reading, err := p.read()
	if err != nil {
		return Reading{}, fmt.Errorf("read clock of process %d: %w", p.pid, err)
	}
	return reading, nil
}

func (p *Process) read() (Reading, error) {
	image := make([]byte, len(p.vdso.image))
	if err := readMemory(p.vdso.memory, image, p.vdso.start); err != nil {
		return Reading{}, err
	}
	found, err := find(image, p.vdso.functions)
	if err != nil {
		return Reading{}, err
	}
	if found == nil {
		return Reading{}, errors.New("its patch is gone")
	}
	_, s, err := p.numbers()
	if err != nil {
		return Reading{}, err
	}
	host := time.Now()
	return Reading{PID: p.pid, Host: host, Process: time.Unix(0, s.at(host.UnixNano()))}, nil
}

// PID is the process's.
func (p *Process) PID() int { return p.pid }

// Close lets go of the process; its clock goes on as it was set last.
func (p *Process) Close() error {
	err := p.vdso.memory.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
