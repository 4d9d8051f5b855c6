package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// produce sends a request that can be told from others by its timeout.
func produce(r *remote, timeout int32, done func(kmsg.Response, error)) {
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = -1, timeout
	r.send(req, time.Minute, done)
}

// timeouts are those of the produce requests that have reached a silent broker.
func timeouts(n *node) (all []int32) {
	for _, call := range n.calls() {
		all = append(all, call.Request.(*kmsg.ProduceRequest).TimeoutMillis)
	}
	return all
}

// TestAConnectionThatStallsHoldsUpWhatIsSentLater, and nothing else.
func TestAConnectionThatStallsHoldsUpWhatIsSentLater(t *testing.T) {
	c := silent(t, 1)
	one, other := c.remotes()[0], c.remotes()[0]
	c.net.weather = Weather{StalledSend: 900, SlowFor: 10_000}
	for one.conn == nil || one.conn.out.last < c.now+time.Second {
		produce(one, 1, func(kmsg.Response, error) {})
	}
	held := len(timeouts(c.node(1)))
	c.net.weather = Weather{}
	produce(one, 2, func(kmsg.Response, error) {})
	produce(other, 3, func(kmsg.Response, error) {})
	c.happen(500 * time.Millisecond)
	require.NotContains(t, timeouts(c.node(1))[held:], int32(2))
	require.Contains(t, timeouts(c.node(1)), int32(3))
	c.happen(time.Minute)
	require.Contains(t, timeouts(c.node(1)), int32(2))
}

// TestAConnectionThatBreaksTakesNothingBack: the producer sends a copy over another
// one, and both arrive.
func TestAConnectionThatBreaksTakesNothingBack(t *testing.T) {
	c := silent(t, 1)
	r := c.remotes()[0]
	c.net.weather = Weather{BrokenSend: 900}
	broken := 0
	for broken == 0 {
		produce(r, 1, func(_ kmsg.Response, err error) {
			require.ErrorIs(t, err, errHungUp)
			broken++
		})
		c.happen(time.Second)
	}
	sent := len(timeouts(c.node(1)))
	require.Positive(t, sent)
	c.net.weather = Weather{}
	produce(r, 4, func(kmsg.Response, error) {})
	c.happen(time.Second)
	require.Len(t, timeouts(c.node(1)), sent+1)
	require.Len(t, c.node(1).served, 2, "the broker has heard nothing of the end")
}
