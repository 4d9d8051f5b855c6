package sim

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// letters is a message that is encoded as it is.
type letters []byte

func (l letters) AppendTo(b []byte) []byte { return append(b, l...) }

// TestFramesShareNoMemory: whatever their sizes, and if somebody appends to one.
func TestFramesShareNoMemory(t *testing.T) {
	var (
		f            frames
		sent, frames [][]byte
	)
	draw := newDice(1, "test")
	for i := range 2000 {
		size := draw.IntN(300)
		if i%100 == 0 {
			size = framesAtOnce + draw.IntN(1000)
		}
		message := bytes.Repeat([]byte{byte(i)}, size)
		frame := f.encode(letters(message))
		require.Equal(t, len(frame), cap(frame))
		_ = append(frame, 'x')
		sent, frames = append(sent, message), append(frames, frame)
	}
	for i, frame := range frames {
		require.True(t, bytes.Equal(sent[i], frame), "frame %d", i)
	}
}
