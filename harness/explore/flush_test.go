package explore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

// TestAFlushMakesNobodyWaitForAnIdlePartition: a follower of two partitions of a leader
// that has records of one to flush does not ask for the other alone, which would be
// held for fetch_wait, and the flushed one with it. Found by exploring: with 300 bytes a
// fetch a follower did not catch up within a minute.
func TestAFlushMakesNobodyWaitForAnIdlePartition(t *testing.T) {
	c := calm(1)
	c.Config.Flush, c.Partitions, c.Clients.Lanes = beforeAck, 6, 1
	out, err := Simulate(c, Look{})
	require.NoError(t, err)
	require.Equal(t, Failure{}, out.Failure)
	sent, acked := map[int64]int64{}, 0
	for _, e := range out.History.Events {
		switch {
		case e.F != history.Send:
		case e.Type == history.Invoke:
			sent[e.Value] = e.Time
		case e.Type == history.OK:
			acked++
			require.Less(t, e.Time-sent[e.Value], c.Times.FetchWait.Duration().Nanoseconds(), "value %d", e.Value)
		}
	}
	require.Greater(t, acked, 20)
}
