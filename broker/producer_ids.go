package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// producerIDs is the block of producer ids that the controller gave this
// broker, and who waits for the next one.
type producerIDs struct {
	next, end int64
	asking    bool
	waiting   []func(int64, model.ErrorCode)
}

// NextProducerID hands out an id that no producer of the cluster had before.
func (c *Core) NextProducerID(done func(int64, model.ErrorCode)) {
	ids := &c.producerIDs
	if ids.next < ids.end {
		ids.next++
		done(ids.next-1, model.None)
		return
	}
	ids.waiting = append(ids.waiting, done)
	if ids.asking {
		return
	}
	ids.asking = true
	req := kmsg.NewPtrAllocateProducerIDsRequest()
	req.BrokerID = int32(c.cfg.NodeID)
	req.BrokerEpoch = int64(c.lifecycle.epoch)
	c.askController(req, func(resp kmsg.Response, err error) {
		ids.asking = false
		code := model.CoordinatorLoadInProgress // a client tries again
		if err == nil {
			block := resp.(*kmsg.AllocateProducerIDsResponse)
			if model.ErrorCode(block.ErrorCode) == model.None && block.ProducerIDLen > 0 {
				code = model.None
				ids.next, ids.end = block.ProducerIDStart, block.ProducerIDStart+int64(block.ProducerIDLen)
			}
		}
		waiting := ids.waiting
		ids.waiting = nil
		for _, done := range waiting {
			if code != model.None {
				done(-1, code)
				continue
			}
			c.NextProducerID(done)
		}
	})
}
