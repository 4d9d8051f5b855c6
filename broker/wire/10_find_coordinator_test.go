package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

func TestFindCoordinator(t *testing.T) {
	for _, tc := range []struct {
		name    string
		version int16
		kind    int8
		code    model.ErrorCode
	}{
		{"a group, v0", 0, 0, model.CoordinatorNotAvailable},
		{"a transaction", 3, 1, model.CoordinatorNotAvailable},
		{"many groups", 4, 0, model.CoordinatorNotAvailable},
		{"a share group", 4, 2, model.InvalidRequest},
		{"no such type", 1, -1, model.InvalidRequest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := kmsg.NewPtrFindCoordinatorRequest()
			req.CoordinatorKey, req.CoordinatorType = "a", tc.kind
			req.CoordinatorKeys = []string{"a", "b"}
			resp := ask[*kmsg.FindCoordinatorResponse](t, newNode(t), outside, tc.version, req)
			if tc.version < 4 {
				require.EqualValues(t, tc.code, resp.ErrorCode)
				require.EqualValues(t, -1, resp.NodeID)
				require.Empty(t, resp.Coordinators)
				return
			}
			require.Len(t, resp.Coordinators, 2)
			for i, key := range req.CoordinatorKeys {
				require.Equal(t, key, resp.Coordinators[i].Key)
				require.EqualValues(t, tc.code, resp.Coordinators[i].ErrorCode)
				require.EqualValues(t, -1, resp.Coordinators[i].NodeID)
				require.NotEmpty(t, message(resp.Coordinators[i].ErrorMessage))
			}
		})
	}
}
