package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

func TestInitProducerID(t *testing.T) {
	const handedOut, fresh = 1000, 500
	for _, tc := range []struct {
		name          string
		version       int16
		transactional *string
		id            int64
		epoch         int16
		blockCode     model.ErrorCode

		wantID    int64
		wantEpoch int16
		code      model.ErrorCode
	}{
		{"a new producer, before KIP-360", 0, nil, -1, -1, model.None, fresh, 0, model.None},
		{"a new producer", 5, nil, -1, -1, model.None, fresh, 0, model.None},
		{"an epoch bump", 3, nil, 42, 7, model.None, 42, 8, model.None},
		{"the last bump", 3, nil, 42, 32765, model.None, 42, 32766, model.None},
		{"no epoch left", 3, nil, 42, 32766, model.None, fresh, 0, model.None},
		{"an id that nobody was given", 3, nil, handedOut, 0, model.None, fresh, 0, model.None},
		{"no id to be had", 3, nil, -1, -1, model.CoordinatorLoadInProgress, -1, -1, model.CoordinatorLoadInProgress},
		{"an id without epoch", 3, nil, 42, -1, model.None, -1, -1, model.InvalidRequest},
		{"an epoch without id", 3, nil, -1, 0, model.None, -1, -1, model.InvalidRequest},
		{"a negative id", 3, nil, -2, 0, model.None, -1, -1, model.InvalidRequest},
		{"transactional", 4, ptr("payments"), -1, -1, model.None, -1, -1, model.CoordinatorNotAvailable},
		{"an empty transactional id", 4, ptr(""), -1, -1, model.None, -1, -1, model.InvalidRequest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			n.image.NextProducerID = handedOut
			n.producerIDs, n.producerCode = []int64{fresh}, tc.blockCode
			req := kmsg.NewPtrInitProducerIDRequest()
			req.TransactionalID, req.ProducerID, req.ProducerEpoch = tc.transactional, tc.id, tc.epoch
			resp := ask[*kmsg.InitProducerIDResponse](t, n, outside, tc.version, req)
			require.EqualValues(t, tc.code, resp.ErrorCode)
			require.Equal(t, tc.wantID, resp.ProducerID)
			require.Equal(t, tc.wantEpoch, resp.ProducerEpoch)
		})
	}
}
