package clock

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrologue(t *testing.T) {
	tests := map[string]struct {
		code    []byte
		length  int
		movable bool
	}{
		"push, mov, and":   {[]byte{0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xe4, 0xf0}, 8, true},
		"landing pad":      {[]byte{0xf3, 0x0f, 0x1e, 0xfa, 0x55}, 5, true},
		"reads by address": {[]byte{0x55, 0x4c, 0x8d, 0x15, 0xe8, 0x97, 0xff, 0xff}, 8, false},
		"jump":             {[]byte{0xe9, 0x01, 0x02, 0x03, 0x04}, 5, false},
		"short jump":       {[]byte{0x85, 0xff, 0x74, 0x10, 0x48, 0x89, 0xe5}, 7, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			length, movable, err := prologue(append(test.code, 0x90, 0x90, 0x90, 0x90))
			require.NoError(t, err)
			require.Equal(t, test.length, length)
			require.Equal(t, test.movable, movable)
		})
	}
	_, _, err := prologue([]byte{0x06, 0x06, 0x06, 0x06, 0x06})
	require.ErrorContains(t, err, "instruction 06 06 06 06 06: ")
}

// fakeImage is a vDSO with a clock_gettime at 64, and room behind it.
func fakeImage(gettime ...byte) ([]byte, map[string]int) {
	image := make([]byte, 1024)
	copy(image[64:], gettime)
	return image, map[string]int{"__vdso_clock_gettime": 64}
}

func TestPlanMovesTheOriginal(t *testing.T) {
	prologue := []byte{0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xe4, 0xf0}
	image, functions := fakeImage(append(bytes.Clone(prologue), 0xc3)...)
	p, err := plan(image, functions)
	require.NoError(t, err)
	room := program().labels[labelOriginal]
	back := jump(p.base+room+8, 64+8)
	require.Equal(t, append(prologue, back...), p.code[room:room+8+jumpSize])
	require.Equal(t, map[int][]byte{64: jump(64, p.base+codeOffset)}, p.jumps)

	require.False(t, p.blockedBy([]int{64, 72, 500}), "at the function's begin, or behind what is moved")
	for _, position := range []int{65, 68, 71} {
		require.True(t, p.blockedBy([]int{0, position}), position)
	}
}

func TestPlanFallsBackToTheSystemCall(t *testing.T) {
	image, functions := fakeImage(0x55, 0x4c, 0x8d, 0x15, 0xe8, 0x97, 0xff, 0xff, 0xc3)
	p, err := plan(image, functions)
	require.NoError(t, err)
	room := program().labels[labelOriginal]
	require.Equal(t, []byte{0xb8, 228, 0, 0, 0, 0x0f, 0x05, 0xc3}, p.code[room:room+8])
}

func TestPlanNamesWhatIsMissing(t *testing.T) {
	image, _ := fakeImage(0xc3)
	_, err := plan(image, nil)
	require.EqualError(t, err, "vDSO has no __vdso_clock_gettime")
	full := bytes.Repeat([]byte{0xc3}, 256)
	_, err = plan(full, map[string]int{"__vdso_clock_gettime": 64})
	require.ErrorContains(t, err, "vDSO has 0 unused bytes: needed are ")
}

func TestFindTellsOursFromOthers(t *testing.T) {
	image, functions := fakeImage(0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xe4, 0xf0, 0xc3)
	found, err := find(image, functions)
	require.NoError(t, err)
	require.Nil(t, found)

	p, err := plan(image, functions)
	require.NoError(t, err)
	copy(image[p.base:], p.code)
	_, err = find(image, functions)
	require.EqualError(t, err, "patched, but __vdso_clock_gettime is not redirected")

	copy(image[64:], p.jumps[64])
	found, err = find(image, functions)
	require.NoError(t, err)
	require.Equal(t, p.base, found.base)

	image[p.base+codeOffset] ^= 1
	_, err = find(image, functions)
	require.EqualError(t, err, "patched by another version: its code differs")
}
