package clock

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/arch/x86/x86asm"
)

// jumpSize is that of a jump with a 32 bit distance.
const jumpSize = 5

// entry is a function of the vDSO that is redirected to code of ours.
type entry struct {
	function string
	label    string
}

var entries = []entry{
	{"__vdso_clock_gettime", labelGettime},
	{"__vdso_gettimeofday", labelGettimeofday},
	{"__vdso_time", labelTime},
}

// patch is what is to be written where; addresses count from the image's start.
type patch struct {
	base int // of the program
	code []byte
	// jumps are what the functions begin with, by address.
	jumps map[int][]byte
	// moved is how many bytes of clock_gettime run elsewhere from now on.
	moved int
}

// plan works a patch out for an image that has none.
func plan(image []byte, functions map[string]int) (*patch, error) {
	assembled := program()
	p := &patch{code: bytes.Clone(assembled.code), jumps: map[int][]byte{}}
	var err error
	if p.base, err = unused(image, len(p.code)); err != nil {
		return nil, err
	}
	gettime, found := functions[entries[0].function]
	if !found {
		return nil, fmt.Errorf("vDSO has no %s", entries[0].function)
	}
	if err := p.moveOriginal(image, gettime, assembled.labels[labelOriginal]); err != nil {
		return nil, err
	}
	for _, e := range entries {
		if at, found := functions[e.function]; found {
			p.jumps[at] = jump(at, p.base+assembled.labels[e.label])
		}
	}
	return p, nil
}

// moveOriginal copies the first instructions of clock_gettime, which the jump
// will overwrite, into the program, with a jump to the rest behind them. If one
// of them depends on its address, the system call takes the place of them all.
func (p *patch) moveOriginal(image []byte, function, room int) error {
	length, movable, err := prologue(image[function:])
	if err != nil {
		return fmt.Errorf("%s: %w", entries[0].function, err)
	}
	original := p.code[room : room+originalSize]
	if !movable {
		copy(original, systemCall)
		p.moved = jumpSize
		return nil
	}
	copy(original, image[function:function+length])
	copy(original[length:], jump(p.base+room+length, function+length))
	p.moved = length
	return nil
}

// systemCall is mov eax, 228 (clock_gettime); syscall; ret.
var systemCall = []byte{0xb8, 228, 0, 0, 0, 0x0f, 0x05, 0xc3}

// landingPad is endbr64, which the decoder does not know. It does nothing where
// nobody jumps to.
var landingPad = []byte{0xf3, 0x0f, 0x1e, 0xfa}

// prologue measures the instructions that a jump overwrites at the code's
// beginning, and tells whether they may run elsewhere.
func prologue(code []byte) (length int, movable bool, err error) {
	movable = true
	if bytes.HasPrefix(code, landingPad) {
		length = len(landingPad)
	}
	for length < jumpSize {
		instruction, err := x86asm.Decode(code[length:], 64)
		if err != nil {
			return 0, false, fmt.Errorf("instruction % x: %w", code[length:min(length+8, len(code))], err)
		}
		movable = movable && !relative(instruction)
		length += instruction.Len
	}
	return length, movable, nil
}

// relative tells whether an instruction means something else at another
// address: jumps, calls, and what addresses memory from where it stands.
func relative(instruction x86asm.Inst) bool {
	if instruction.PCRel != 0 {
		return true
	}
	for _, argument := range instruction.Args {
		if memory, is := argument.(x86asm.Mem); is && memory.Base == x86asm.RIP {
			return true
		}
	}
	return false
}

func jump(from, to int) []byte {
	return binary.LittleEndian.AppendUint32([]byte{0xe9}, uint32(int32(to-from-jumpSize)))
}

// errBusy tells that a thread stands on an instruction that is to be replaced.
var errBusy = errors.New("a thread is about to read the time")

// blockedBy tells whether one of the positions, counted from the image's start,
// is inside what a jump replaces. At its first byte is fine: the thread will
// run the jump.
func (p *patch) blockedBy(positions []int) bool {
	for at, jump := range p.jumps {
		for _, position := range positions {
			if position > at && position < at+max(len(jump), p.moved) {
				return true
			}
		}
	}
	return false
}

// find returns the patch that is in an image already, nil if there is none: a
// process inherits it from the one that forked it. One that is damaged, or of
// another version of this package, is an error.
func find(image []byte, functions map[string]int) (*patch, error) {
	base := bytes.Index(image, []byte(signature))
	if base < 0 {
		return nil, nil
	}
	assembled := program()
	if base+len(assembled.code) > len(image) {
		return nil, errors.New("patched by something else: too short")
	}
	p := &patch{base: base, code: image[base : base+len(assembled.code)], jumps: map[int][]byte{}}
	room := assembled.labels[labelOriginal]
	if !bytes.Equal(p.code[codeOffset:room], assembled.code[codeOffset:room]) ||
		!bytes.Equal(p.code[room+originalSize:], assembled.code[room+originalSize:]) {
		return nil, errors.New("patched by another version: its code differs")
	}
	for _, e := range entries {
		at, found := functions[e.function]
		if !found {
			continue
		}
		p.jumps[at] = jump(at, base+assembled.labels[e.label])
		if !bytes.HasPrefix(image[at:], p.jumps[at]) {
			return nil, fmt.Errorf("patched, but %s is not redirected", e.function)
		}
	}
	return p, nil
}
