package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

func TestAllocateProducerIDs(t *testing.T) {
	n := newNode(t)
	req := kmsg.NewPtrAllocateProducerIDsRequest()
	req.BrokerID, req.BrokerEpoch = 2, int64(n.image.Brokers[2].Epoch)
	for _, start := range []int64{0, 1000} {
		resp := ask[*kmsg.AllocateProducerIDsResponse](t, n, inside, 0, req)
		require.Zero(t, resp.ErrorCode)
		require.Equal(t, start, resp.ProducerIDStart)
		require.Equal(t, ProducerIDBlock, resp.ProducerIDLen)
	}

	req.BrokerEpoch++
	resp := ask[*kmsg.AllocateProducerIDsResponse](t, n, inside, 0, req)
	require.EqualValues(t, model.StaleBrokerEpoch, resp.ErrorCode)
	require.Zero(t, resp.ProducerIDLen)

	n.active = 3
	resp = ask[*kmsg.AllocateProducerIDsResponse](t, n, inside, 0, req)
	require.EqualValues(t, model.NotController, resp.ErrorCode)
	require.EqualValues(t, 2000, n.image.NextProducerID)
}
