package docker

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/nemesis/agent"
)

// clientsPeer is the name of all host clients to an agent. They come through
// the bridge, so that they have its address as their source.
const clientsPeer = "clients"

func peerName(id int) string { return "n" + strconv.Itoa(id) }

func endpointName(e nemesis.Endpoint) string {
	if e == nemesis.Clients {
		return clientsPeer
	}
	return peerName(int(e))
}

// peers are the addresses that packets to a node come from.
func (c *Cluster) peers(node int) map[string]string {
	peers := map[string]string{clientsPeer: c.subnet.gateway().String()}
	for _, other := range c.nodes {
		if other.id != node {
			peers[other.alias()] = c.subnet.node(other.id).String()
		}
	}
	return peers
}

func (c *Cluster) checkLinks(links nemesis.Links) error {
	for link, s := range links {
		if !c.isEndpoint(link.From) || !c.isEndpoint(link.To) || link.From == link.To {
			return fmt.Errorf("no link from %d to %d", link.From, link.To)
		}
		if err := s.Validate(); err != nil {
			return fmt.Errorf("link from %d to %d: %w", link.From, link.To, err)
		}
		if link.To == nemesis.Clients && s != (nemesis.LinkState{Cut: s.Cut}) {
			return fmt.Errorf("link from %d to clients: %+v: allowed is a cut; all else acts on the way from clients", link.From, s)
		}
	}
	return nil
}

func (c *Cluster) isEndpoint(e nemesis.Endpoint) bool {
	return e >= nemesis.Clients && int(e) <= len(c.nodes)
}

// linksOf are the faults that a node's agent sees to, by peer: those of what
// arrives, and the cut of what goes to clients, at whose side nobody can.
func linksOf(node int, links nemesis.Links) map[string]agent.Link {
	faulty := map[string]agent.Link{}
	for link, s := range links {
		if link.To == nemesis.Endpoint(node) && s != (nemesis.LinkState{}) {
			faulty[endpointName(link.From)] = agentLink(s)
		}
	}
	if links[nemesis.Link{From: nemesis.Endpoint(node), To: nemesis.Clients}].Cut {
		clients := faulty[clientsPeer]
		clients.CutReplies = true
		faulty[clientsPeer] = clients
	}
	return faulty
}

// agentLink says a link's state in the agent's words. Of a link that is reset
// and cut nothing arrives either way, and its connections break.
func agentLink(s nemesis.LinkState) agent.Link {
	return agent.Link{
		Cut: s.Cut && !s.Reset, Reset: s.Reset,
		DelayMS: int64(s.Delay), JitterMS: int64(s.Jitter), Reorder: s.Reorder, LossPercent: s.Loss,
	}
}

// setLinks brings a node's links into force, unless they are.
func (n *node) setLinks(ctx context.Context, links map[string]agent.Link) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if maps.Equal(n.faults.links, links) && !n.unsure {
		return nil
	}
	return n.change(ctx, func(f *faults) { f.links = links })
}

// statsLimit bounds one question for counters.
const statsLimit = 2 * time.Second

// counters are what the agents last said of the links. Those of an agent that
// does not answer are its last ones: they never go down.
type counters struct {
	mu   sync.Mutex
	last map[nemesis.Link]nemesis.LinkStats
}

// linkStats asks all agents.
func (c *Cluster) linkStats() map[nemesis.Link]nemesis.LinkStats {
	ctx, cancel := context.WithTimeout(context.Background(), statsLimit)
	defer cancel()
	_ = together(c.nodes, func(n *node) error {
		if n.agent == nil {
			return nil
		}
		stats, err := n.agent.Stats(ctx)
		if err == nil {
			c.counters.take(n.id, stats.Peers, len(c.nodes))
		}
		return err
	})
	c.counters.mu.Lock()
	defer c.counters.mu.Unlock()
	return maps.Clone(c.counters.last)
}

// take keeps what a node's agent counted.
func (t *counters) take(node int, peers map[string]agent.PeerStats, nodes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for from := nemesis.Clients; int(from) <= nodes; from++ {
		count, ok := peers[endpointName(from)]
		if !ok {
			continue
		}
		t.last[nemesis.Link{From: from, To: nemesis.Endpoint(node)}] = nemesis.LinkStats{
			Held:      int64(count.Dropped.Bytes),
			Delayed:   int64(count.Delayed.Bytes),
			Lost:      int64(count.Lost.Packets),
			Reset:     int64(count.Reset.Packets),
			Reordered: int64(count.Reordered.Packets),
		}
		if from == nemesis.Clients {
			t.last[nemesis.Link{From: nemesis.Endpoint(node), To: from}] = nemesis.LinkStats{Held: int64(count.Unsent.Bytes)}
		}
	}
}
