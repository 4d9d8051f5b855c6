package sim

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/history"
)

func TestAPositionThatIsNotThereIsTold(t *testing.T) {
	running(t, options(1, 1), func(c *Cluster) {
		c.send(t, c.producer(t, leaderAlone), 1)
		r := c.consumer(t)
		require.Nil(t, r.Assign(background, topic, 0, 100))
		_, err := r.Poll(background)
		require.NotNil(t, err)
		require.Equal(t, "OFFSET_OUT_OF_RANGE", err.Name)
		require.Equal(t, history.Fail, err.Class)

		require.Nil(t, r.Assign(background, topic, 0, 0))
		page, err := r.Poll(background)
		require.Nil(t, err)
		require.Equal(t, []history.Record{{Offset: 0, Value: 1}}, page)
		page, err = r.Poll(background)
		require.Nil(t, err)
		require.Empty(t, page, "its position has moved on")
	})
}

// TestAConsumerFollowsTheLeader, one that was elected and one that has survived.
func TestAConsumerFollowsTheLeader(t *testing.T) {
	running(t, options(3, 1), func(c *Cluster) {
		admin, err := c.Clients().Admin(client.Settings{})
		require.NoError(t, err)
		p, r := c.producer(t, client.Settings{Acks: "all", Idempotent: true}), c.consumer(t)
		var got []int64
		read := func(upTo int) {
			limited, cancel := c.WithTimeout(background, 30*time.Second)
			defer cancel()
			for len(got) < upTo {
				page, failed := r.Poll(limited)
				require.Nil(t, failed)
				for _, record := range page {
					got = append(got, record.Value)
				}
			}
		}
		leaders := map[model.NodeID]bool{}
		for node := 1; node <= 3; node++ {
			require.NoError(t, admin.Lead(background, topic, 0, node))
			c.send(t, p, int64(node))
			read(node)
			leaders[r.(*consumer).leader] = true
		}
		require.Len(t, leaders, 3)
		require.NoError(t, c.Kill(background, 3))
		c.send(t, p, 4)
		read(4)
		require.Equal(t, []int64{1, 2, 3, 4}, got)
	})
}

// TestPollEndsWithItsContext while nobody leads.
func TestPollEndsWithItsContext(t *testing.T) {
	running(t, options(1, 1), func(c *Cluster) {
		require.NoError(t, c.Kill(background, 1))
		limited, cancel := c.WithTimeout(background, time.Second)
		defer cancel()
		_, err := c.consumer(t).Poll(limited)
		require.NotNil(t, err)
		require.Equal(t, history.Fail, err.Class)
		require.ErrorIs(t, limited.Err(), context.DeadlineExceeded)
	})
}
