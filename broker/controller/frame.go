package controller

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// A frame is a payload with its length and CRC-32C before it, both big endian.
const frameHeader = 8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendFrame(buf, payload []byte) []byte {
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(payload)))
	buf = binary.BigEndian.AppendUint32(buf, crc32.Checksum(payload, castagnoli))
	return append(buf, payload...)
}

// readFrame takes the first frame off buf. An empty payload is never written,
// so that a run of zero bytes is no frame.
func readFrame(buf []byte) (payload, rest []byte, err error) {
	if len(buf) < frameHeader {
		return nil, nil, fmt.Errorf("%d bytes are too few for a frame", len(buf))
	}
	size, sum := binary.BigEndian.Uint32(buf), binary.BigEndian.Uint32(buf[4:])
	body := buf[frameHeader:]
	if size == 0 || uint64(size) > uint64(len(body)) {
		return nil, nil, fmt.Errorf("frame of %d bytes, with %d left", size, len(body))
	}
	payload, rest = body[:size], body[size:]
	if got := crc32.Checksum(payload, castagnoli); got != sum {
		return nil, nil, fmt.Errorf("CRC-32C is %08x, the frame says %08x", got, sum)
	}
	return payload, rest, nil
}
