package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/florianl/go-nfqueue/v2"
	"github.com/mdlayher/netlink"

	"github.com/ackproof/ackproof/nemesis/agent"
)

const (
	// queueNumber is the agent's own in its namespace.
	queueNumber = 7
	// queueLength is how many packets may wait for a verdict; beyond it the kernel
	// lets them pass (fail open), rather than lose what nobody asked it to lose.
	// 8192 segments of 64 KiB are more than a TCP window ever has in flight.
	queueLength = 8192
	// The source address is all that is read of a packet.
	queueCopyBytes = 128
	// queueBuffer holds bursts of the kernel's messages.
	queueBuffer = 8 << 20
)

// queue moves packets between the kernel and a line.
type queue struct {
	line   *line
	socket *nfqueue.Nfqueue
	stop   context.CancelFunc
	// refused counts verdicts that the kernel did not take: none, unless the
	// namespace is gone.
	refused atomic.Uint64
}

// openQueue binds the queue in the namespace (0 is the caller's own). Nothing
// arrives before a rule sends it.
func openQueue(namespace int) (*queue, error) {
	socket, err := nfqueue.Open(&nfqueue.Config{
		NetNS:        namespace,
		NfQueue:      queueNumber,
		MaxPacketLen: queueCopyBytes,
		MaxQueueLen:  queueLength,
		Copymode:     nfqueue.NfQnlCopyPacket,
		// Without GSO the kernel would cut every 64 KiB segment into packets first:
		// a thirtieth of the throughput.
		Flags: nfqueue.NfQaCfgFlagFailOpen | nfqueue.NfQaCfgFlagGSO,
	})
	if err != nil {
		return nil, fmt.Errorf("open nfqueue: %w", err)
	}
	q := &queue{socket: socket}
	q.line = newLine(q.verdict)
	if err := q.bind(); err != nil {
		q.line.close()
		return nil, errors.Join(err, socket.Con.Close())
	}
	return q, nil
}

func (q *queue) bind() error {
	if err := q.socket.Con.SetReadBuffer(queueBuffer); err != nil {
		return fmt.Errorf("nfqueue read buffer: %w", err)
	}
	// A burst beyond the buffer is the queue's overflow, not the socket's error.
	if err := q.socket.SetOption(netlink.NoENOBUFS, true); err != nil {
		return fmt.Errorf("nfqueue option no-enobufs: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := q.socket.RegisterWithErrorFunc(ctx, q.arrived, readAgain); err != nil {
		cancel()
		return fmt.Errorf("bind nfqueue %d: %w", queueNumber, err)
	}
	q.stop = cancel
	return nil
}

func (q *queue) arrived(a nfqueue.Attribute) (stop int) {
	if a.PacketID == nil {
		return 0
	}
	var bytes int
	var source netip.Addr
	if a.Payload != nil {
		bytes = len(*a.Payload)
		source = sourceOf(*a.Payload)
	}
	if a.CapLen != nil { // set when only a part was copied
		bytes = int(*a.CapLen)
	}
	q.line.arrive(*a.PacketID, source, bytes, time.Now())
	return 0
}

func (q *queue) verdict(id uint32, accept bool) {
	verdict := nfqueue.NfDrop
	if accept {
		verdict = nfqueue.NfAccept
	}
	if err := q.socket.SetVerdict(id, verdict); err != nil {
		q.refused.Add(1)
	}
}

// readAgain ends the reading when the socket is closed or told to stop.
func readAgain(err error) (stop int) {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
		return 1
	}
	return 0
}

// shape takes over a state's links. An error means that verdicts were refused since
// the last time.
func (q *queue) shape(state agent.State) error {
	q.line.shape(state)
	if n := q.refused.Swap(0); n > 0 {
		return fmt.Errorf("nfqueue: the kernel refused %d verdicts", n)
	}
	return nil
}

// close lets everything go and gives the queue back. The rules must be gone
// before, and the kernel drops what arrived in between.
func (q *queue) close() error {
	q.line.close()
	q.stop()
	return q.socket.Close()
}

// sourceOf reads the source of an IPv4 packet.
func sourceOf(header []byte) netip.Addr {
	if len(header) < 20 {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(header[12:16]))
}
