package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

func TestBrokerHeartbeatAsks(t *testing.T) {
	for _, tc := range []struct {
		name   string
		offset int64
		fence  bool
		stop   bool
		want   controller.Heartbeat
	}{
		{"alive", 77, false, false, controller.Heartbeat{ID: 2, Epoch: 5, AppliedIndex: 77}},
		{"nothing applied yet", -1, true, false, controller.Heartbeat{ID: 2, Epoch: 5, WantFence: true}},
		{"stopping", 77, false, true, controller.Heartbeat{ID: 2, Epoch: 5, AppliedIndex: 77, WantShutdown: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			req := kmsg.NewPtrBrokerHeartbeatRequest()
			req.BrokerID, req.BrokerEpoch, req.CurrentMetadataOffset = 2, 5, tc.offset
			req.WantFence, req.WantShutdown = tc.fence, tc.stop
			ask[*kmsg.BrokerHeartbeatResponse](t, n, inside, 1, req)
			require.Equal(t, []controller.Heartbeat{tc.want}, n.heartbeats)
		})
	}
}

func TestBrokerHeartbeatAnswers(t *testing.T) {
	for _, tc := range []struct {
		name                      string
		result                    controller.HeartbeatResult
		caughtUp, fenced, release bool
	}{
		{"in service", controller.HeartbeatResult{CaughtUp: true}, true, false, false},
		{"fenced", controller.HeartbeatResult{Fenced: true}, false, true, false},
		{"released", controller.HeartbeatResult{CaughtUp: true, ShouldShutDown: true}, true, false, true},
		// A refused broker must not take itself for unfenced.
		{"stale", controller.HeartbeatResult{Code: model.StaleBrokerEpoch}, false, true, false},
		{"elsewhere", controller.HeartbeatResult{Code: model.NotController}, false, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			n.beat = tc.result
			resp := ask[*kmsg.BrokerHeartbeatResponse](t, n, inside, 0, kmsg.NewPtrBrokerHeartbeatRequest())
			require.EqualValues(t, tc.result.Code, resp.ErrorCode)
			require.Equal(t, tc.caughtUp, resp.IsCaughtUp)
			require.Equal(t, tc.fenced, resp.IsFenced)
			require.Equal(t, tc.release, resp.ShouldShutdown)
		})
	}
}
