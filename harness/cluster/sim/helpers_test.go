package sim

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/wire"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/harness/history"
	"github.com/ackproof/ackproof/workloads"
)

var background = context.Background()

// happen lets everything happen within d.
func (q *events) happen(d time.Duration) {
	end := q.now + d
	q.after(d, func() {})
	for len(q.heap) > 0 && q.heap[0].at <= end {
		q.next()
	}
}

// options are those of a small cluster on a calm day.
func options(nodes int, seed uint64) Options {
	return Options{Nodes: nodes, Seed: seed, Flush: broker.FlushNever, Times: DefaultTimes()}
}

func newCluster(t *testing.T, o Options) *Cluster {
	c, err := New(o)
	require.NoError(t, err)
	return c
}

// silent is a cluster of brokers that do nothing: what reaches one lies in its
// inbox, and the test answers.
func silent(t *testing.T, nodes int) *Cluster {
	c := newCluster(t, options(nodes, 1))
	for _, n := range c.nodes {
		n.alive, n.paused, n.served = true, true, map[wire.ConnID]*conn{}
	}
	return c
}

// calls are the requests that have reached a silent broker, in order.
func (n *node) calls() []*wire.Call {
	var all []*wire.Call
	for _, in := range n.inbox {
		all = append(all, in.(broker.Request).Call)
	}
	return all
}

// running makes a cluster, waits until it is healthy, makes a topic of one
// partition, and does work.
func running(t *testing.T, o Options, work func(*Cluster)) *Cluster {
	c := newCluster(t, o)
	require.NoError(t, c.Run(func() error {
		c.settle(t)
		admin, err := c.Clients().Admin(client.Settings{})
		require.NoError(t, err)
		require.NoError(t, admin.MakeTopic(background, client.Topic{
			Name: topic, Partitions: 1, ReplicationFactor: int16(o.Nodes),
		}))
		work(c)
		return nil
	}))
	return c
}

const topic = "t"

// settle waits until every broker is healthy.
func (c *Cluster) settle(t *testing.T) {
	limited, cancel := c.WithTimeout(background, 30*time.Second)
	defer cancel()
	require.NoError(t, c.AwaitHealthy(limited))
}

func (c *Cluster) dialer(t *testing.T, s client.Settings) workloads.Dialer {
	d, err := c.Clients().Dialer(s)
	require.NoError(t, err)
	return d
}

func (c *Cluster) producer(t *testing.T, s client.Settings) workloads.Producer {
	p, err := c.dialer(t, s).Producer(0)
	require.NoError(t, err)
	return p
}

func (c *Cluster) consumer(t *testing.T) workloads.Consumer {
	r, err := c.dialer(t, client.Settings{Acks: "all"}).Consumer(0)
	require.NoError(t, err)
	require.Nil(t, r.Assign(background, topic, 0, 0))
	return r
}

// send sends values one after the other, none of which may fail.
func (c *Cluster) send(t *testing.T, p workloads.Producer, values ...int64) {
	for _, v := range values {
		_, err := p.Send(background, topic, 0, v)
		require.Nil(t, err, "value %d: %v", v, err)
	}
}

// log reads the partition until it has count records, or until one poll brings
// nothing.
func (c *Cluster) log(t *testing.T, count int) []int64 {
	var records []history.Record
	r := c.consumer(t)
	defer r.Close()
	for len(records) < count {
		limited, cancel := c.WithTimeout(background, 20*time.Second)
		page, err := r.Poll(limited)
		cancel()
		require.Nil(t, err)
		if len(page) == 0 {
			break
		}
		records = append(records, page...)
	}
	values := []int64{}
	for _, r := range records {
		values = append(values, r.Value)
	}
	return values
}
