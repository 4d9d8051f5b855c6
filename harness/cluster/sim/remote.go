package sim

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/wire"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/nemesis"
)

// requestTimeout is how long a client waits for an answer, beyond what the
// request itself asks the broker to wait; after it the connection ends.
const requestTimeout = time.Second

// versions are the highest ones that brokers serve to clients.
var versions = func() map[int16]int16 {
	highest := map[int16]int16{}
	for _, key := range wire.APIKeys(false) {
		highest[key.ApiKey] = key.MaxVersion
	}
	// The last version that names topics by name; see harness/client.
	highest[int16(kmsg.Fetch)] = 12
	return highest
}()

// remote is a client's way to one broker.
type remote struct {
	sim  *Cluster
	node *node
	conn *conn
}

var _ kmsg.Requestor = (*remote)(nil)

// send asks the broker, and calls done once with its answer or the reason why
// there is none.
func (r *remote) send(req kmsg.Request, timeout time.Duration, done func(kmsg.Response, error)) {
	req.SetVersion(min(req.MaxVersion(), versions[req.Key()]))
	if !r.conn.usable() {
		r.conn = r.sim.connect(nemesis.Clients, r.node, outside)
	}
	if req.Key() == int16(kmsg.Produce) {
		r.conn.worsen()
	}
	r.conn.send(req, timeout, 0, 0, done)
}

// worsen is the weather of a producer's connection. One that stalls holds up all
// that is sent later; one that breaks takes nothing back of what was sent, so that
// a copy of it in the next connection may overtake it.
func (c *conn) worsen() {
	w, draw := c.sim.net.weather, c.sim.net.draw
	if draw.perMille(w.StalledSend) {
		c.out.last = max(c.out.last, c.sim.now) + draw.upTo(4*w.SlowFor.Duration())
	}
	if draw.perMille(w.BrokenSend) {
		c.sim.after(draw.upTo(20*w.hop()), func() { c.end(errHungUp) })
	}
}

// Request implements kmsg.Requestor.
func (r *remote) Request(ctx context.Context, req kmsg.Request) (kmsg.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var (
		response kmsg.Response
		failure  error
		over     bool
	)
	k, wait := r.sim.parked()
	end := func(resp kmsg.Response, err error) {
		if !over {
			response, failure, over = resp, err, true
			r.sim.wake(k)
		}
	}
	if deadline, ok := ctx.Deadline(); ok {
		r.sim.after(deadline.Sub(r.sim.Now()), func() { end(nil, context.DeadlineExceeded) })
	}
	r.send(req, requestTimeout+waitOf(req), end)
	wait()
	return response, failure
}

// waitOf is how long a request lets the broker wait.
func waitOf(req kmsg.Request) time.Duration {
	switch req := req.(type) {
	case *kmsg.FetchRequest:
		return time.Duration(req.MaxWaitMillis) * time.Millisecond
	case *kmsg.ProduceRequest:
		return time.Duration(req.TimeoutMillis) * time.Millisecond
	}
	return 0
}

func (c *Cluster) remotes() []*remote {
	all := make([]*remote, len(c.nodes))
	for i, n := range c.nodes {
		all[i] = &remote{sim: c, node: n}
	}
	return all
}

func (c *Cluster) reach() client.Reach {
	r := client.Reach{Time: c.Time(), Close: func() {}}
	remotes := c.remotes()
	for _, one := range remotes {
		r.Brokers = append(r.Brokers, one)
	}
	r.Any = &anyone{remotes: remotes}
	return r
}
