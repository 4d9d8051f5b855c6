package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

func registration(id int32, incarnation byte) *kmsg.BrokerRegistrationRequest {
	req := kmsg.NewPtrBrokerRegistrationRequest()
	req.BrokerID, req.ClusterID, req.IncarnationID = id, "test-cluster", [16]byte{incarnation}
	req.Rack = ptr("rack-d")
	req.Listeners = []kmsg.BrokerRegistrationRequestListener{{Name: inside, Host: "four", Port: 65535}}
	return req
}

func TestBrokerRegistration(t *testing.T) {
	n := newNode(t)
	resp := ask[*kmsg.BrokerRegistrationResponse](t, n, inside, 3, registration(4, 44))
	require.Zero(t, resp.ErrorCode)
	require.EqualValues(t, n.image.Index, resp.BrokerEpoch)

	registered := n.image.Brokers[4]
	require.EqualValues(t, resp.BrokerEpoch, registered.Epoch)
	require.Equal(t, [16]byte{44}, registered.Incarnation)
	require.Equal(t, []controller.Listener{{Name: inside, Host: "four", Port: 65535}}, registered.Listeners)
	require.Equal(t, "rack-d", registered.Rack)
	require.True(t, registered.Fenced)

	again := ask[*kmsg.BrokerRegistrationResponse](t, n, inside, 3, registration(4, 44))
	require.Equal(t, resp.BrokerEpoch, again.BrokerEpoch, "a retry of the same life keeps its epoch")
}

func TestBrokerRegistrationRefusals(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(*fakeNode, *kmsg.BrokerRegistrationRequest)
		code  model.ErrorCode
	}{
		{"another cluster", func(_ *fakeNode, r *kmsg.BrokerRegistrationRequest) { r.ClusterID = "other" }, model.InconsistentClusterID},
		{"a live namesake", func(_ *fakeNode, r *kmsg.BrokerRegistrationRequest) { r.BrokerID = 3 }, model.DuplicateBrokerRegistration},
		{"a negative id", func(_ *fakeNode, r *kmsg.BrokerRegistrationRequest) { r.BrokerID = -1 }, model.InvalidRequest},
		{"no listeners", func(_ *fakeNode, r *kmsg.BrokerRegistrationRequest) { r.Listeners = nil }, model.InvalidRequest},
		{"not the controller", func(n *fakeNode, _ *kmsg.BrokerRegistrationRequest) { n.active = 2 }, model.NotController},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			req := registration(4, 44)
			tc.spoil(n, req)
			resp := ask[*kmsg.BrokerRegistrationResponse](t, n, inside, 4, req)
			require.EqualValues(t, tc.code, resp.ErrorCode)
			require.EqualValues(t, -1, resp.BrokerEpoch)
			require.Nil(t, n.image.Brokers[4])
		})
	}
}
