package sim

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// anyone is a client's way to whichever broker can answer: the one that answered
// last, and if it does not, or is not the controller that the request needs, the
// next.
type anyone struct {
	remotes []*remote
	current int
}

var _ kmsg.Requestor = (*anyone)(nil)

// Request implements kmsg.Requestor.
func (a *anyone) Request(ctx context.Context, req kmsg.Request) (resp kmsg.Response, err error) {
	for range a.remotes {
		resp, err = a.remotes[a.current].Request(ctx, req)
		if err == nil && !wantsController(resp) {
			return resp, nil
		}
		a.current = (a.current + 1) % len(a.remotes)
	}
	if err != nil {
		return nil, fmt.Errorf("no broker answered: %w", err)
	}
	return resp, nil
}

// wantsController tells whether the answer is that another broker is asked.
func wantsController(resp kmsg.Response) bool {
	code := int16(model.None)
	switch resp := resp.(type) {
	case *kmsg.CreateTopicsResponse:
		if len(resp.Topics) > 0 {
			code = resp.Topics[0].ErrorCode
		}
	case *kmsg.DeleteTopicsResponse:
		if len(resp.Topics) > 0 {
			code = resp.Topics[0].ErrorCode
		}
	case *kmsg.AlterPartitionAssignmentsResponse:
		code = resp.ErrorCode
	case *kmsg.ElectLeadersResponse:
		code = resp.ErrorCode
	}
	return code == int16(model.NotController)
}
