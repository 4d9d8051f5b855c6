package client

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ackproof/ackproof/workloads"
)

// The timeouts of all clients. They are short, so that a client finds the new
// leader within about a second of its election: what a fault costs should be
// the broker's doing, not the client's patience.
const (
	dialTimeout     = 500 * time.Millisecond
	requestTimeout  = time.Second // of the answer, beyond the request's own wait
	produceTimeout  = time.Second // how long a broker may wait for replicas
	deliveryTimeout = 5 * time.Second
	retryTimeout    = 3 * time.Second
	retryBackoff    = 50 * time.Millisecond
	metadataMinAge  = 50 * time.Millisecond
	metadataMaxAge  = time.Second
	fetchWait       = 100 * time.Millisecond
)

// Settings are how clients reach the cluster and how they produce.
type Settings struct {
	Bootstrap  []string
	Acks       string // "all", "1", "0"
	Idempotent bool
	// Name begins the client ids, so that a broker's log tells runs apart.
	Name string
}

// Dialer makes the clients of a workload.
type Dialer struct{ settings Settings }

var _ workloads.Dialer = (*Dialer)(nil)

// NewDialer checks settings; it connects to nothing yet.
func NewDialer(s Settings) (*Dialer, error) {
	if len(s.Bootstrap) == 0 {
		return nil, fmt.Errorf("client: bootstrap is empty, allowed is a list of host:port")
	}
	if _, err := acksOf(s.Acks); err != nil {
		return nil, err
	}
	if s.Idempotent && s.Acks != "all" {
		return nil, fmt.Errorf("client: idempotent is true with acks=%s, allowed is acks=all", s.Acks)
	}
	return &Dialer{settings: s}, nil
}

func acksOf(word string) (kgo.Acks, error) {
	switch word {
	case "all":
		return kgo.AllISRAcks(), nil
	case "1":
		return kgo.LeaderAck(), nil
	case "0":
		return kgo.NoAck(), nil
	}
	return kgo.Acks{}, fmt.Errorf(`client: acks is %q, allowed are "all", "1", "0"`, word)
}

// common are the options of every client.
func (s Settings) common(role string) []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(s.Bootstrap...),
		kgo.ClientID(s.Name + "-" + role),
		kgo.DialTimeout(dialTimeout),
		kgo.RequestTimeoutOverhead(requestTimeout),
		kgo.RetryTimeout(retryTimeout),
		kgo.RetryBackoffFn(func(int) time.Duration { return retryBackoff }),
		kgo.MetadataMinAge(metadataMinAge),
		kgo.MetadataMaxAge(metadataMaxAge),
		// A proxy that resets a connection looks like a misconfiguration to a
		// client that gives up at the first EOF.
		kgo.AlwaysRetryEOF(),
		kgo.DisableClientMetrics(),
	}
}
