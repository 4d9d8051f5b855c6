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
	waiting   map[uint64]func(kmsg.Response, error)
}

func newPeers() peers { return peers{waiting: map[uint64]func(kmsg.Response, error){}} }

var errNoController = errors.New("no active controller is known")

func (p *peers) answered(in PeerResponse) {
	done := p.waiting[in.Token]
	delete(p.waiting, in.Token)
	if done != nil {
		done(in.Response, in.Err)
	}
}

// send asks another broker; done gets the response, or an error after which
// nobody knows whether the request was executed.
func (c *Core) send(to model.NodeID, lane Lane, timeout time.Duration, req kmsg.Request, done func(kmsg.Response, error)) {
	c.peers.lastToken++
	token := c.peers.lastToken
	c.peers.waiting[token] = done
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
		c.peers.lastToken++
		token := c.peers.lastToken
		c.peers.waiting[token] = done
		c.serve(&wire.Call{Conn: localConn, Seq: token, Listener: c.cfg.InterBrokerListener, Request: req})
	default:
		c.send(id, ControlLane, c.cfg.PeerTimeout, req, done)
	}
}
