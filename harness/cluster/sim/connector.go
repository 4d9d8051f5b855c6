package sim

import (
	"fmt"

	"github.com/ackproof/ackproof/broker/wire"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/workloads"
)

// Clients makes clients that live in the simulation.
func (c *Cluster) Clients() client.Connector { return connector{c} }

type connector struct{ sim *Cluster }

func (c connector) Admin(client.Settings) (*client.Admin, error) {
	return client.AdminOver(c.sim.reach()), nil
}

func (c connector) Dialer(s client.Settings) (workloads.Dialer, error) {
	acks, ok := acksOf[s.Acks]
	if !ok {
		return nil, fmt.Errorf(`sim: acks is %q, allowed are "all", "1", "0"`, s.Acks)
	}
	return dialer{sim: c.sim, acks: acks, idempotent: s.Idempotent}, nil
}

// acksOf is how the protocol says it.
var acksOf = map[string]int16{"all": int16(wire.AcksAll), "1": 1, "0": 0}

type dialer struct {
	sim        *Cluster
	acks       int16
	idempotent bool
}

func (d dialer) Producer(int) (workloads.Producer, error) {
	return d.newProducer(), nil
}

func (d dialer) Consumer(int) (workloads.Consumer, error) {
	return &consumer{sim: d.sim, remotes: d.sim.remotes()}, nil
}

func (d dialer) Prober(worker int) (workloads.Prober, error) {
	return client.ProberOver(d.sim.reach(), worker), nil
}
