package server

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/broker/wire"
)

// TestMain lets a test start this binary as a broker process.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_AS_ACKBROKER") != "" {
		os.Exit(Main(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// poke is an input that makes the scripted core have effects.
type poke struct {
	broker.Tick
	effects []broker.Effect
}

// scriptedCore notes its inputs and has the effects that tests want.
type scriptedCore struct {
	mu     sync.Mutex
	inputs []broker.Input
	times  []model.Time
	react  func(broker.Input) []broker.Effect
	status broker.Status
}

func (c *scriptedCore) Step(now model.Time, in broker.Input) []broker.Effect {
	if p, ok := in.(poke); ok {
		return p.effects
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inputs, c.times = append(c.inputs, in), append(c.times, now)
	if _, ok := in.(broker.Shutdown); ok && c.react == nil {
		return []broker.Effect{broker.Exit{}}
	}
	if c.react != nil {
		return c.react(in)
	}
	return nil
}

func (c *scriptedCore) Status() broker.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

func (c *scriptedCore) setStatus(s broker.Status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = s
}

// stepped gives the times of the steps so far.
func (c *scriptedCore) stepped() []model.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.times)
}

// world is a driver with a scripted core, in a bubble of its own time: Wait in
// there ends when everything that can happen has happened.
type world struct {
	t      *testing.T
	core   *scriptedCore
	driver *driver
	logged *bytes.Buffer
	stop   context.CancelFunc
	ended  chan error
}

// inWorld runs a test in a world. The broker is node 1, its peer node 2.
func inWorld(t *testing.T, core *scriptedCore, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		logged := &bytes.Buffer{}
		settings := Settings{
			Broker: broker.Config{
				NodeID: 1, InterBrokerListener: "INSIDE", FS: storage.NewMemFS(),
			},
			Voters:          []Voter{{ID: 1, Address: "one"}, {ID: 2, Address: "two"}},
			MaxRequestBytes: 1 << 20,
			Log:             slog.New(slog.NewTextHandler(logged, nil)),
		}
		ctx, stop := context.WithCancel(t.Context())
		w := &world{t: t, core: core, driver: newDriver(core, settings), logged: logged, stop: stop, ended: make(chan error, 1)}
		go func() { w.ended <- w.driver.run(ctx, nil) }()
		test(w)
		stop()
		synctest.Wait()
	})
}

// do makes the core have effects, and waits for all that follows at once.
func (w *world) do(effects ...broker.Effect) {
	w.driver.submit(poke{effects: effects})
	synctest.Wait()
}

// inputs gives the inputs of one kind that the core has got.
func inputs[I broker.Input](w *world) []I {
	w.core.mu.Lock()
	defer w.core.mu.Unlock()
	var found []I
	for _, in := range w.core.inputs {
		if i, ok := in.(I); ok {
			found = append(found, i)
		}
	}
	return found
}

// remote is the other end of a connection. What comes in is read at once; what
// goes out waits until it is read.
type remote struct {
	net net.Conn
	out chan []byte

	mu     sync.Mutex
	frames [][]byte
	err    error
}

func newRemote(nc net.Conn) *remote {
	r := &remote{net: nc, out: make(chan []byte, 2*maxInFlight)}
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case b := <-r.out:
				_, _ = nc.Write(b) // an error ends the reading, too
			case <-ended:
				return
			}
		}
	}()
	go func() {
		defer close(ended)
		for {
			frame, err := wire.ReadFrame(nc, math.MaxInt32)
			r.mu.Lock()
			if err != nil {
				r.err = err
				r.mu.Unlock()
				return
			}
			r.frames = append(r.frames, frame)
			r.mu.Unlock()
		}
	}()
	return r
}

// connect opens a connection to a listener.
func (w *world) connect(listener string) *remote {
	ours, theirs := net.Pipe()
	w.driver.serve(listener, theirs)
	w.t.Cleanup(func() { _ = ours.Close() })
	return newRemote(ours)
}

// received gives the frames that have come in.
func (r *remote) received() [][]byte {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.frames
}

// closed tells how the connection ended; nil while it is open.
func (r *remote) closed() error {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// correlationIDs gives those of the responses that have come in.
func (r *remote) correlationIDs(t *testing.T) []int32 {
	var ids []int32
	for _, frame := range r.received() {
		id, _, err := wire.DecodeCorrelationID(frame)
		require.NoError(t, err)
		ids = append(ids, id)
	}
	return ids
}

// write sends bytes, as far as they are read.
func (r *remote) write(b []byte) {
	r.out <- b
	synctest.Wait()
}

// request sends a request.
func (r *remote) request(request kmsg.Request, correlationID int32) {
	r.write(kmsg.NewRequestFormatter(kmsg.FormatterClientID("test")).AppendRequest(nil, request, correlationID))
}

func metadataRequest() kmsg.Request {
	r := kmsg.NewPtrMetadataRequest()
	r.Version = 4
	r.Topics = []kmsg.MetadataRequestTopic{}
	return r
}

func answer(call *wire.Call) broker.Reply {
	return broker.Reply{Call: call, Response: call.Request.ResponseKind()}
}

// startTime is when a bubble's clock starts.
var startTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
