package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// DefaultMaxFrameBytes is Kafka's default of socket.request.max.bytes.
const DefaultMaxFrameBytes = 100 << 20

// ErrFrameSize says that a peer announced a frame of a size that is not
// allowed. There is no way to find the next frame after it: the connection has
// to be closed.
var ErrFrameSize = errors.New("frame size not allowed")

// ReadFrame reads one frame and returns it without its size. The frame gets
// memory of its own, exactly as large as it is, because decoded requests point
// into it: it must never be reused. The error is io.EOF only if the stream ends
// between two frames.
func ReadFrame(r io.Reader, maxBytes int32) ([]byte, error) {
	var prefix [4]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, err
	}
	size := int32(binary.BigEndian.Uint32(prefix[:]))
	if size < 0 || size > maxBytes {
		return nil, fmt.Errorf("%w: %d bytes, allowed are 0 to %d", ErrFrameSize, size, maxBytes)
	}
	frame := make([]byte, size)
	if _, err := io.ReadFull(r, frame); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return frame, nil
}

// beginFrame leaves room for a frame's size; endFrame fills it in. The frame
// starts where dst ended.
func beginFrame(dst []byte) []byte { return append(dst, 0, 0, 0, 0) }

func endFrame(dst []byte, start int) []byte {
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}
