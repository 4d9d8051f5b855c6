package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/mutant"
	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/workloads"
)

// underBrokenConnections sends values, several at once, while connections break,
// and returns what was sent and the log.
func underBrokenConnections(t *testing.T, o Options) (sent, log []int64) {
	running(t, o, func(c *Cluster) {
		p := c.producer(t, client.Settings{Acks: "all", Idempotent: true})
		var work []func()
		for v := int64(1); v <= 100; v++ {
			sent = append(sent, v)
			work = append(work, func() {
				require.True(t, c.Sleep(background, time.Duration(v)*7*time.Millisecond))
				c.send(t, p, v)
			})
		}
		work = append(work, func() {
			for range 20 {
				require.NoError(t, c.SetLinks(background, nemesis.Links{
					{From: 1, To: nemesis.Clients}: {Reset: true}, {From: 2, To: nemesis.Clients}: {Reset: true},
				}))
				require.True(t, c.Sleep(background, 2*time.Millisecond))
				require.NoError(t, c.SetLinks(background, nil))
				require.True(t, c.Sleep(background, 29*time.Millisecond))
			}
		})
		c.Together(work...)
		log = c.log(t, len(sent))
	})
	return sent, log
}

// TestAnIdempotentProducer: each value is in the log once and in the order in
// which it was sent. Brokers that do not know a retry from a new batch show that
// there are retries.
func TestAnIdempotentProducer(t *testing.T) {
	careless, err := mutant.Parse(string(mutant.NoDedupe))
	require.NoError(t, err)
	duplicates := 0
	for seed := range uint64(5) {
		o := options(2, seed)
		sent, log := underBrokenConnections(t, o)
		require.Equal(t, sent, log)
		o.Mutants = careless
		if sent, log = underBrokenConnections(t, o); !slices.Equal(sent, log) {
			duplicates++
		}
	}
	require.Positive(t, duplicates)
}

func TestSendEndsWithItsContext(t *testing.T) {
	running(t, options(1, 1), func(c *Cluster) {
		p := c.producer(t, client.Settings{Acks: "all", Idempotent: true})
		require.NoError(t, c.Pause(background, 1))
		limited, cancel := c.WithTimeout(background, time.Second)
		defer cancel()
		before := c.now
		_, err := p.Send(limited, topic, 0, 1)
		require.NotNil(t, err)
		require.Equal(t, "TIMEOUT", err.Name)
		require.Equal(t, time.Second, c.now-before)
		require.NoError(t, c.Resume(background, 1))
		c.send(t, p, 2)
		require.Equal(t, []int64{1, 2}, c.log(t, 2), "it is not withdrawn")
	})
}

// TestAClosedProducerTriesNoMore.
func TestAClosedProducerTriesNoMore(t *testing.T) {
	running(t, options(1, 1), func(c *Cluster) {
		p := c.producer(t, client.Settings{Acks: "all"})
		require.NoError(t, c.Pause(background, 1))
		limited, cancel := c.WithTimeout(background, time.Second)
		defer cancel()
		_, err := p.Send(limited, topic, 0, 1)
		require.NotNil(t, err)
		p.Close()
		require.NoError(t, c.Resume(background, 1))
		require.True(t, c.Sleep(background, deliveryLimit))
		c.send(t, c.producer(t, client.Settings{Acks: "all"}), 2)
		require.Equal(t, []int64{2}, c.log(t, 1))
	})
}

// TestAcks0 is answered before anything has happened.
func TestAcks0(t *testing.T) {
	running(t, options(1, 1), func(c *Cluster) {
		p := c.producer(t, client.Settings{Acks: "0"})
		c.send(t, p, 1) // learns who leads
		before := c.now
		offset, err := p.Send(background, topic, 0, 2)
		require.Nil(t, err)
		require.Equal(t, workloads.NoOffset, offset)
		require.Equal(t, before, c.now)
		require.True(t, c.Sleep(background, time.Second))
		require.Equal(t, []int64{1, 2}, c.log(t, 2))
	})
}

func TestAcksAreNamed(t *testing.T) {
	_, err := newCluster(t, options(1, 1)).Clients().Dialer(client.Settings{Acks: "2"})
	require.EqualError(t, err, `sim: acks is "2", allowed are "all", "1", "0"`)
}
