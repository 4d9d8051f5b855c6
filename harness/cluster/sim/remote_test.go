package sim

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestARequestEndsWithItsContext, or with its own time if that comes first; what a
// request lets the broker wait is added.
func TestARequestEndsWithItsContext(t *testing.T) {
	fetch := kmsg.NewPtrFetchRequest()
	fetch.MaxWaitMillis = 400
	running(t, options(1, 1), func(c *Cluster) {
		require.NoError(t, c.Pause(background, 1))
		r := c.remotes()[0]
		for _, one := range []struct {
			request kmsg.Request
			limit   time.Duration
			takes   time.Duration
			err     error
		}{
			{metadata(topic), 300 * time.Millisecond, 300 * time.Millisecond, context.DeadlineExceeded},
			{metadata(topic), time.Minute, requestTimeout, errTimeout},
			{fetch, time.Minute, requestTimeout + 400*time.Millisecond, errTimeout},
			{metadata(topic), 0, 0, context.DeadlineExceeded},
		} {
			r.conn = nil // a request of before would end the connection in its time
			limited, cancel := c.WithTimeout(background, one.limit)
			before := c.now
			_, err := r.Request(limited, one.request)
			cancel()
			require.ErrorIs(t, err, one.err)
			require.Equal(t, one.takes, c.now-before)
		}
	})
}

// TestAnyoneIsWhoAnswers: past brokers that are dead, or not the controller that
// the request needs, and from then on the one that did.
func TestAnyoneIsWhoAnswers(t *testing.T) {
	running(t, options(3, 1), func(c *Cluster) {
		all := &anyone{remotes: c.remotes()}
		_, err := all.Request(background, metadata(topic))
		require.NoError(t, err)
		require.Zero(t, all.current)
		require.NoError(t, c.Kill(background, 1))
		_, err = all.Request(background, metadata(topic))
		require.NoError(t, err)
		require.Equal(t, 1, all.current)
		require.NoError(t, c.Kill(background, 2))
		require.NoError(t, c.Kill(background, 3))
		_, err = all.Request(background, metadata(topic))
		require.ErrorIs(t, err, errRefused)
		require.ErrorContains(t, err, "no broker answered")
	})
}

func TestAnswersThatWantTheController(t *testing.T) {
	const notController = 41
	topics := kmsg.NewPtrCreateTopicsResponse()
	require.False(t, wantsController(topics), "an answer about no topic")
	topics.Topics = []kmsg.CreateTopicsResponseTopic{{ErrorCode: notController}}
	require.True(t, wantsController(topics))
	topics.Topics[0].ErrorCode = 0
	require.False(t, wantsController(topics))
	require.True(t, wantsController(&kmsg.AlterPartitionAssignmentsResponse{ErrorCode: notController}))
	require.True(t, wantsController(&kmsg.ElectLeadersResponse{ErrorCode: notController}))
	require.False(t, wantsController(&kmsg.MetadataResponse{ErrorCode: notController}))
}
