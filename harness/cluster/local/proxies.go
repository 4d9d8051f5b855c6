package local

import (
	"fmt"
	"sync"

	"github.com/ackproof/ackproof/nemesis"
)

// NoPackets is why this cluster cannot have faults of single packets.
const NoPackets = "links are relays of bytes, which have no packets"

// proxies are all links of a cluster: one for each broker that dials another,
// and one from clients to each broker.
type proxies struct {
	mu    sync.Mutex // one change at a time
	gates map[nemesis.Link]*gate
	links map[nemesis.Link]*link // by dialler and target
}

// openProxies opens the links of n nodes. Inside and outside tell where a node
// listens for brokers and for clients.
func openProxies(n int, inside, outside func(node int) string) (*proxies, error) {
	p := &proxies{gates: map[nemesis.Link]*gate{}, links: map[nemesis.Link]*link{}}
	for from := nemesis.Clients; int(from) <= n; from++ {
		for to := nemesis.Clients; int(to) <= n; to++ {
			if from != to {
				p.gates[nemesis.Link{From: from, To: to}] = newGate()
			}
		}
	}
	for way, request := range p.gates {
		if way.To == nemesis.Clients {
			continue // nobody dials clients
		}
		upstream := inside
		if way.From == nemesis.Clients {
			upstream = outside
		}
		response := p.gates[nemesis.Link{From: way.To, To: way.From}]
		l, err := newLink(request, response, func() string { return upstream(int(way.To)) })
		if err != nil {
			p.close()
			return nil, fmt.Errorf("link %d to %d: %w", way.From, way.To, err)
		}
		p.links[way] = l
	}
	return p, nil
}

// address is where From dials To.
func (p *proxies) address(from, to nemesis.Endpoint) string {
	return p.links[nemesis.Link{From: from, To: to}].address()
}

// set replaces the state of all links, then breaks connections where asked.
func (p *proxies) set(state nemesis.Links) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for way, s := range state {
		if _, ok := p.gates[way]; !ok {
			return fmt.Errorf("set links: no link from %d to %d", way.From, way.To)
		}
		if err := s.Validate(); err != nil {
			return fmt.Errorf("set links: link from %d to %d: %w", way.From, way.To, err)
		}
		if s.Loss > 0 || s.Reorder {
			return fmt.Errorf("set links: link from %d to %d: %s", way.From, way.To, NoPackets)
		}
	}
	for way, g := range p.gates {
		g.apply(state[way])
	}
	for way, s := range state {
		if s.Reset {
			p.reset(way)
		}
	}
	return nil
}

// reset breaks the connections that use a link, whoever opened them.
func (p *proxies) reset(way nemesis.Link) {
	broken := 0
	for _, dialled := range []nemesis.Link{way, {From: way.To, To: way.From}} {
		if l, ok := p.links[dialled]; ok {
			broken += l.reset()
		}
	}
	p.gates[way].resets.Add(int64(broken))
}

func (p *proxies) stats() map[nemesis.Link]nemesis.LinkStats {
	stats := map[nemesis.Link]nemesis.LinkStats{}
	for way, g := range p.gates {
		stats[way] = g.stats()
	}
	return stats
}

func (p *proxies) close() {
	for _, l := range p.links {
		l.close()
	}
}
