package clock

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/arch/x86/x86asm"
)

// TestCodeIsWhatItsTextSays disassembles every instruction.
func TestCodeIsWhatItsTextSays(t *testing.T) {
	a := program()
	require.Greater(t, len(a.lines), 60)
	for i, l := range a.lines {
		inst, err := x86asm.Decode(a.code[l.at:], 64)
		require.NoError(t, err, l.text)
		if i+1 < len(a.lines) && a.lines[i+1].at-l.at < originalSize { // not before the room
			require.Equal(t, a.lines[i+1].at, l.at+inst.Len, "length of %s", l.text)
		}
		if l.target == "" {
			require.Equal(t, l.text, x86asm.IntelSyntax(inst, 0, nil))
			continue
		}
		require.Equal(t, strings.Fields(l.text)[0], opName(inst), l.text)
		require.Equal(t, a.labels[l.target], l.at+inst.Len+distance(inst), "target of %s", l.text)
	}
}

func opName(inst x86asm.Inst) string {
	return strings.Fields(x86asm.IntelSyntax(inst, 0, nil))[0]
}

// distance is the relative address in the instruction.
func distance(inst x86asm.Inst) int {
	for _, arg := range inst.Args {
		switch arg := arg.(type) {
		case x86asm.Rel:
			return int(arg)
		case x86asm.Mem:
			if arg.Base == x86asm.RIP {
				return int(int32(arg.Disp))
			}
		}
	}
	return 0
}

func TestLayout(t *testing.T) {
	a := program()
	require.Equal(t, sequenceOffset, a.labels["sequence"])
	require.Equal(t, slotsOffset, a.labels["slots"])
	require.Equal(t, codeOffset, a.labels[labelGettime])
	require.Zero(t, sequenceOffset%8, "the process reads it in one piece")
	require.Zero(t, slotsOffset%8)
	require.Less(t, len(a.code), 512, "vDSO pages have little room")
}

func TestAssemblerRefusesWhatItCannotEncode(t *testing.T) {
	far := &assembler{}
	far.short("jz end", "end", 0x74)
	far.space("room", 0x90, 200)
	far.label("end")
	require.PanicsWithValue(t, `assembler: label "end" is 200 bytes away, too far for a short jump`, func() { far.assemble() })
	nowhere := &assembler{}
	nowhere.near("call nowhere", "nowhere", 0xe8)
	require.PanicsWithValue(t, `assembler: no label "nowhere"`, func() { nowhere.assemble() })
}
