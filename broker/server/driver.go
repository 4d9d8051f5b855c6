package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/model"
)

// core is what the driver drives: a broker.Core, or a test's.
type core interface {
	Step(now model.Time, in broker.Input) []broker.Effect
	Status() broker.Status
}

const (
	// inputQueue bounds the inputs that wait for the core; beyond it readers
	// wait, and TCP makes their clients wait.
	inputQueue = 1024
	// shutdownTimeout bounds a controlled shutdown: a cluster without a
	// controller cannot hand leaderships over.
	shutdownTimeout = 10 * time.Second
)

// errShutdownTimeout ends a broker that found nobody to hand over to.
var errShutdownTimeout = errors.New("controlled shutdown timed out")

// driver connects a core to the world. Everything that happens becomes an
// input in one queue.
type driver struct {
	core     core
	settings Settings
	log      *slog.Logger
	metrics  *metrics
	start    time.Time

	inputs chan broker.Input
	// stopped is closed when the core takes no more inputs.
	stopped chan struct{}
	tasks   sync.WaitGroup

	conns  connTable
	peers  map[model.NodeID]*peer
	syncer *syncer
	status atomic.Pointer[broker.Status]
}

func newDriver(c core, s Settings) *driver {
	d := &driver{
		core:     c,
		settings: s,
		log:      s.Log,
		start:    time.Now(),
		inputs:   make(chan broker.Input, inputQueue),
		stopped:  make(chan struct{}),
		peers:    map[model.NodeID]*peer{},
	}
	d.metrics = newMetrics(d)
	d.syncer = newSyncer(s.Broker.FS, d.submit, d.metrics.fsync)
	clientID := fmt.Sprintf("broker-%d", s.Broker.NodeID)
	for _, v := range s.Voters {
		d.peers[v.ID] = newPeer(v.Address, clientID, d.submit, d.log.With("peer", v.ID))
	}
	return d
}

// submit queues an input for the core, and waits if there are many. It must
// not be called on the core's goroutine. After the core's end it does nothing.
func (d *driver) submit(in broker.Input) {
	select {
	case d.inputs <- in:
	case <-d.stopped:
	}
}

// run drives the core until it exits. Once ctx is done it is asked to.
func (d *driver) run(ctx context.Context, listeners []boundListener) error {
	for _, p := range d.peers {
		p.start(&d.tasks)
	}
	for _, l := range listeners {
		d.tasks.Go(func() { d.accept(l) })
	}
	ended := make(chan error, 1)
	go func() { ended <- newLoop(d).run() }()

	err := d.await(ctx, ended)
	close(d.stopped)
	for _, l := range listeners {
		_ = l.Close() // its accept loop ends; there is nothing to lose
	}
	for _, p := range d.peers {
		p.close()
	}
	d.conns.closeAll()
	// Syncs are not waited for: a disk that hangs must not hold up the end.
	d.tasks.Wait()
	return err
}

// await returns when the core has exited, or has had its time to.
func (d *driver) await(ctx context.Context, ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	d.log.Info("shutting down")
	deadline := time.NewTimer(shutdownTimeout)
	defer deadline.Stop()
	select {
	case d.inputs <- broker.Shutdown{}:
	case err := <-ended:
		return err
	case <-deadline.C:
		return errShutdownTimeout
	}
	select {
	case err := <-ended:
		return err
	case <-deadline.C:
		return errShutdownTimeout
	}
}
