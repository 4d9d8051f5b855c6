package clock

import (
	"encoding/binary"
	"fmt"
)

// assembler lays machine code out at increasing addresses, with labels. Each
// instruction comes with its text, which a test compares with what the bytes
// decode to.
type assembler struct {
	code   []byte
	labels map[string]int
	fixups []fixup
	lines  []line
}

// line is an instruction, for the test.
type line struct {
	at     int
	text   string
	target string // label that it refers to, "" if none
}

// fixup is a relative address to fill in: counted from the end of its
// instruction.
type fixup struct {
	at, size, end int
	target        string
}

func (a *assembler) label(name string) {
	if a.labels == nil {
		a.labels = map[string]int{}
	}
	a.labels[name] = len(a.code)
}

// op is an instruction without an address.
func (a *assembler) op(text string, code ...byte) {
	a.lines = append(a.lines, line{at: len(a.code), text: text})
	a.code = append(a.code, code...)
}

// short is an instruction that ends in the distance to a label, in one byte.
func (a *assembler) short(text, target string, code ...byte) { a.relative(text, target, 1, code) }

// near is the same with four bytes.
func (a *assembler) near(text, target string, code ...byte) { a.relative(text, target, 4, code) }

func (a *assembler) relative(text, target string, size int, code []byte) {
	a.lines = append(a.lines, line{at: len(a.code), text: text, target: target})
	a.code = append(a.code, code...)
	a.fixups = append(a.fixups, fixup{at: len(a.code), size: size, end: len(a.code) + size, target: target})
	a.code = append(a.code, make([]byte, size)...)
}

// space is room for data, or for code that is not known yet.
func (a *assembler) space(name string, fill byte, size int) {
	a.label(name)
	for range size {
		a.code = append(a.code, fill)
	}
}

// assemble fills the distances in.
func (a *assembler) assemble() []byte {
	for _, f := range a.fixups {
		target, known := a.labels[f.target]
		if !known {
			panic(fmt.Sprintf("assembler: no label %q", f.target))
		}
		distance := target - f.end
		if f.size == 1 {
			if distance < -128 || distance > 127 {
				panic(fmt.Sprintf("assembler: label %q is %d bytes away, too far for a short jump", f.target, distance))
			}
			a.code[f.at] = byte(int8(distance))
			continue
		}
		binary.LittleEndian.PutUint32(a.code[f.at:], uint32(int32(distance)))
	}
	return a.code
}
