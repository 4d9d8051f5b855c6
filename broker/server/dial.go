package server

import (
	"context"
	"net"
	"time"
)

// Brokers find each other again within half a second of a heal: they dial in
// short steps, and give up soon on an address that swallows packets.
const (
	dialTimeout    = 500 * time.Millisecond
	minDialBackoff = 50 * time.Millisecond
	maxDialBackoff = 500 * time.Millisecond
	// deadPeerTimeout is how long sent bytes may stay unacknowledged before the
	// kernel gives the connection up. Without it, retransmission backs off for
	// as long as a partition lasts, and goes on for as long after the heal.
	deadPeerTimeout = 3 * time.Second
)

// dialer connects to one address, again and again.
type dialer struct {
	connect func(context.Context) (net.Conn, error)
	backoff time.Duration
}

func newDialer(address string) dialer {
	return dialer{connect: func(ctx context.Context) (net.Conn, error) {
		nc, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		giveUpOnSilence(nc.(*net.TCPConn), deadPeerTimeout)
		return nc, nil
	}}
}

// dial connects, once. It waits first if the connections before have not
// worked: an address may accept everybody and then hang up.
func (d *dialer) dial(ctx context.Context) (net.Conn, error) {
	if d.backoff > 0 {
		wait := time.NewTimer(d.backoff)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	d.backoff = min(max(2*d.backoff, minDialBackoff), maxDialBackoff)
	return d.connect(ctx)
}

// worked makes the next dial immediate.
func (d *dialer) worked() { d.backoff = 0 }
