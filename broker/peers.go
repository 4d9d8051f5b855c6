package broker

import (
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/wire"
)

// peers holds the requests to other brokers that are not answered yet.
type peers struct {
	lastToken uint64
	waiting   map[uint64]asking
}

// asking is a request under way: its API key, and who waits for the answer.
type asking struct {
	key  int16
	done func(kmsg.Response, error)
}

func newPeers() peers { return peers{waiting: map[uint64]asking{}} }

var (
	errNoController = errors.New("no active controller is known")
	errNoAnswer     = errors.New("the answer is to another request")
)

// expect notes who waits for the answer to a request, and gives its token.
func (p *peers) expect(req kmsg.Request, done func(kmsg.Response, error)) uint64 {
	p.lastToken++
	p.waiting[p.lastToken] = asking{key: req.Key(), done: done}
	return p.lastToken
}

// answered hands an answer over, once. Its kind is checked here, so that whoever
// waits may rely on it.
func (p *peers) answered(in PeerResponse) {
	asked, waits := p.waiting[in.Token]
	delete(p.waiting, in.Token)
	switch {
	case !waits: // a driver's second answer
	case in.Err == nil && (in.Response == nil || in.Response.Key() != asked.key):
		asked.done(nil, errNoAnswer)
	default:
		asked.done(in.Response, in.Err)
	}
}

// send asks another broker; done gets the response, or an error after which
// nobody knows whether the request was executed.
func (c *Core) send(to model.NodeID, lane Lane, timeout time.Duration, req kmsg.Request, done func(kmsg.Response, error)) {
	token := c.peers.expect(req, done)
	c.effect(Send{To: to, Lane: lane, Token: token, Request: req, Timeout: timeout})
}

// forward passes a client's change of configuration on to the controller:
// clients send it to any broker, and trust it to find its way (KIP-590).
func (c *Core) forward(call *wire.Call, inside bool) bool {
	if inside || call.Request.Key() != int16(kmsg.IncrementalAlterConfigs) || c.ControllerID() == c.cfg.NodeID {
		return false
	}
	c.askController(call.Request, func(resp kmsg.Response, err error) {
		if err != nil {
			c.Drop(call)
			return
		}
		c.Reply(call, resp)
	})
	return true
}

// askController asks the active controller, which may be this broker itself.
func (c *Core) askController(req kmsg.Request, done func(kmsg.Response, error)) {
	switch id := c.ControllerID(); id {
	case model.NoNode:
		done(nil, errNoController)
	case c.cfg.NodeID:
		token := c.peers.expect(req, done)
		c.serve(&wire.Call{Conn: localConn, Seq: token, Listener: c.cfg.InterBrokerListener, Request: req})
	default:
		c.send(id, ControlLane, c.cfg.PeerTimeout, req, done)
	}
}
