package sim

// frames is where requests and answers lie once they are encoded: one after the
// other in large pieces of memory. Nobody knows how long one is needed, since
// what is decoded from a frame points into it, so none is used again.
type frames struct{ room []byte }

const (
	framesAtOnce = 32 << 10
	// leastRoom is less than most frames need; a larger one moves out.
	leastRoom = 256
)

// encode encodes a message into memory of its own.
func (f *frames) encode(message interface{ AppendTo([]byte) []byte }) []byte {
	if cap(f.room) < leastRoom {
		f.room = make([]byte, 0, framesAtOnce)
	}
	frame := message.AppendTo(f.room)
	if cap(frame) == cap(f.room) { // else it was moved
		f.room = frame[len(frame):]
	}
	return frame[:len(frame):len(frame)]
}
