package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

func TestDescribeCluster(t *testing.T) {
	for _, tc := range []struct {
		listener string
		host     string
		port     int32
	}{
		{outside, "localhost", 9002},
		{inside, "broker", 1002},
	} {
		n := newNode(t)
		n.change(t, 3, controller.Fence)
		resp := ask[*kmsg.DescribeClusterResponse](t, n, tc.listener, 1, kmsg.NewPtrDescribeClusterRequest())
		require.Zero(t, resp.ErrorCode)
		require.Equal(t, "test-cluster", resp.ClusterID)
		require.EqualValues(t, 1, resp.ControllerID)
		require.Len(t, resp.Brokers, 2, "a fenced broker is not shown")
		require.EqualValues(t, 2, resp.Brokers[1].NodeID)
		require.Equal(t, tc.host, resp.Brokers[1].Host)
		require.Equal(t, tc.port, resp.Brokers[1].Port)
		require.Equal(t, "rack-b", message(resp.Brokers[1].Rack))
	}
}

func TestDescribeClusterShowsBrokersOnly(t *testing.T) {
	req := kmsg.NewPtrDescribeClusterRequest()
	req.EndpointType = 2
	resp := ask[*kmsg.DescribeClusterResponse](t, newNode(t), outside, 1, req)
	require.EqualValues(t, model.InvalidRequest, resp.ErrorCode)
	require.Contains(t, message(resp.ErrorMessage), "endpoint type 2")
	require.Empty(t, resp.Brokers)
}
