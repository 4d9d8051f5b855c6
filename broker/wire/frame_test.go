package wire

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadFrame(t *testing.T) {
	size := func(n int32) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
	for _, test := range []struct {
		name   string
		stream []byte
		want   []byte
		err    error
	}{
		{"whole", append(size(3), "abc"...), []byte("abc"), nil},
		{"first of two", append(size(1), "ab"...), []byte("a"), nil},
		{"empty", size(0), []byte{}, nil},
		{"largest", append(size(8), "12345678"...), []byte("12345678"), nil},
		{"end of stream", nil, nil, io.EOF},
		{"cut in the size", []byte{0, 0}, nil, io.ErrUnexpectedEOF},
		{"cut after the size", size(3), nil, io.ErrUnexpectedEOF},
		{"cut in the body", append(size(3), "ab"...), nil, io.ErrUnexpectedEOF},
		{"negative", size(-1), nil, ErrFrameSize},
		{"too large", append(size(9), "123456789"...), nil, ErrFrameSize},
		{"not Kafka at all", []byte("GET / HTTP/1.1\r\n"), nil, ErrFrameSize},
	} {
		t.Run(test.name, func(t *testing.T) {
			frame, err := ReadFrame(bytes.NewReader(test.stream), 8)
			require.ErrorIs(t, err, test.err)
			require.Equal(t, test.want, frame)
		})
	}
}

func TestReadFrameGivesEachFrameItsOwnMemory(t *testing.T) {
	stream := bytes.NewReader([]byte{0, 0, 0, 2, 'a', 'b', 0, 0, 0, 2, 'c', 'd'})
	first, err := ReadFrame(stream, 8)
	require.NoError(t, err)
	second, err := ReadFrame(stream, 8)
	require.NoError(t, err)
	require.Equal(t, "ab", string(first))
	require.Equal(t, "cd", string(second))
	require.Equal(t, 2, cap(first))
}

func TestEndFrameMeasuresFromItsStart(t *testing.T) {
	dst := []byte("before")
	dst = endFrame(append(beginFrame(dst), "body"...), len(dst))
	require.Equal(t, "before\x00\x00\x00\x04body", string(dst))
}
