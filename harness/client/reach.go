package client

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/ackproof/ackproof/harness/timeline"
	"github.com/ackproof/ackproof/workloads"
)

// Connector makes the clients of a run: Live over the network, a simulation
// within itself.
type Connector interface {
	Admin(Settings) (*Admin, error)
	Dialer(Settings) (workloads.Dialer, error)
}

// Live makes clients of franz-go.
var Live Connector = live{}

type live struct{}

func (live) Admin(s Settings) (*Admin, error)            { return NewAdmin(s) }
func (live) Dialer(s Settings) (workloads.Dialer, error) { return NewDialer(s) }

// Reach is how requests get to a cluster.
type Reach struct {
	// Any sends a request to the broker that can answer it.
	Any kmsg.Requestor
	// Brokers send it to one broker each, by node from 1, known by address and
	// not by metadata: a broker that the cluster has given up on is still asked.
	Brokers []kmsg.Requestor
	Time    timeline.Timeline
	Close   func()
}

// maxFetchVersion is the last version that names topics by name, which spares
// a reader to learn topic ids (KIP-516).
const maxFetchVersion = 12

// reach connects a client of franz-go.
func (s Settings) reach(role string) (Reach, error) {
	versions := kversion.Stable()
	versions.SetMaxKeyVersion(int16(kmsg.Fetch), maxFetchVersion)
	cl, err := kgo.NewClient(append(s.common(role), kgo.MaxVersions(versions))...)
	if err != nil {
		return Reach{}, fmt.Errorf("client: %s: %w", role, err)
	}
	r := Reach{Any: cl, Time: timeline.Live, Close: cl.Close}
	for _, broker := range cl.SeedBrokers() {
		r.Brokers = append(r.Brokers, broker)
	}
	return r, nil
}
