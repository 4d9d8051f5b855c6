package server

import (
	"sync"
	"time"

	"github.com/ackproof/ackproof/broker/wire"
)

// writeChunk is how many bytes of replies are gathered into one write.
const writeChunk = 1 << 20

// buffers are lent to writers for as long as one write takes: a fetch may need
// megabytes, and most connections most of the time nothing.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// write sends answers in the order of their requests until the connection
// closes.
func (c *conn) write() {
	var batch []exchange
	for {
		batch = c.takeAnswers(batch[:0])
		if len(batch) == 0 {
			return
		}
		if err := c.send(batch); err != nil {
			c.close()
			return
		}
		clear(batch) // responses may be large
	}
}

// takeAnswers waits for the next answer in order and returns it with those that
// follow without a gap; nothing if the connection is closed.
func (c *conn) takeAnswers(batch []exchange) []exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closed && !c.window[c.answered%maxInFlight].done {
		c.answers.Wait()
	}
	if c.closed {
		return nil
	}
	for next := c.answered; next != c.begun && c.window[next%maxInFlight].done; next++ {
		batch = append(batch, c.window[next%maxInFlight])
	}
	return batch
}

// send writes a run of answers, with as few writes as their size allows.
func (c *conn) send(batch []exchange) error {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	out := (*buffer)[:0]
	from := 0
	for i, x := range batch {
		before := len(out)
		if x.response != nil {
			out = wire.AppendResponse(out, x.correlationID, x.response)
		}
		c.metrics.countReply(x.key, len(out)-before)
		if len(out) < writeChunk && i+1 < len(batch) {
			continue
		}
		*buffer = out
		if len(out) > 0 {
			if _, err := c.net.Write(out); err != nil {
				return err
			}
		}
		c.release(batch[from : i+1])
		from, out = i+1, out[:0]
	}
	return nil
}

// release frees the places of answers that are on their way.
func (c *conn) release(answered []exchange) {
	now := time.Now()
	c.mu.Lock()
	for _, x := range answered {
		c.window[c.answered%maxInFlight] = exchange{}
		c.answered++
		c.bytes -= x.size
	}
	c.mu.Unlock()
	c.room.Signal()
	for _, x := range answered {
		c.metrics.countRequest(x.key, x.size, now.Sub(x.began))
	}
}
