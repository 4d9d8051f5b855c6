package network

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// Faults are the bad links into one network namespace. Not for concurrent use.
type Faults struct {
	namespace    int
	capabilities Capabilities
	filter       *filter
	queue        *queue // from the first shaped link on
	netem        *netem // likewise, on kernels without nfqueue
	inForce      agent.State
	// unsure is set while inForce may be wrong, after an Apply that failed.
	unsure bool
}

// Open probes what the kernel can do and removes what an earlier owner of the
// namespace may have left behind. namespace is an open file descriptor of
// one, or 0 for the caller's own.
func Open(namespace int) (*Faults, error) {
	f := &Faults{namespace: namespace, capabilities: probe(namespace)}
	f.filter = newFilter(namespace, queueHow(f.capabilities.NFQueue.How))
	if !f.capabilities.NFTables.Supported {
		return f, nil
	}
	return f, f.filter.remove()
}

// Capabilities is what Open found.
func (f *Faults) Capabilities() Capabilities { return f.capabilities }

// Apply brings the links of a valid state into force and reads them back. It
// tells how long each primitive took, in milliseconds; one that had nothing to
// change is missing.
func (f *Faults) Apply(state agent.State) (map[string]float64, error) {
	ms := map[string]float64{}
	if sameLinks(f.inForce, state) && !f.unsure {
		f.inForce = state
		return ms, nil
	}
	if err := f.check(state); err != nil {
		return ms, err
	}
	f.unsure = true
	// The user space side first: it has to be there when the first rule sends a
	// packet, and lets pass whatever an old rule still sends.
	if err := f.shape(state, ms); err != nil {
		return ms, err
	}
	rules := plan(state)
	if !f.capabilities.NFQueue.Supported {
		rules = slices.DeleteFunc(rules, func(r Rule) bool { return r.Action == Queue })
	}
	if f.capabilities.NFTables.Supported {
		if err := timed(ms, "nftables", func() error { return f.filter.apply(rules) }); err != nil {
			return ms, err
		}
	}
	f.inForce, f.unsure = state, false
	return ms, nil
}

// sameLinks tells whether two states make the same links bad. What they say
// about healthy ones is no difference.
func sameLinks(a, b agent.State) bool {
	return maps.Equal(badLinks(a), badLinks(b))
}

// badLink is all that a bad link depends on.
type badLink struct {
	agent.Link
	address string
	seed    uint64
}

func badLinks(state agent.State) map[string]badLink {
	bad := map[string]badLink{}
	for peer, link := range state.Links {
		if link == (agent.Link{}) {
			continue
		}
		bad[peer] = badLink{Link: link, address: state.Peers[peer]}
		if link.Shaped() {
			bad[peer] = badLink{link, state.Peers[peer], state.Seed}
		}
	}
	return bad
}

// check refuses what this kernel cannot do, rather than pass nothing off as a fault.
func (f *Faults) check(state agent.State) error {
	c := f.capabilities
	for _, peer := range slices.Sorted(maps.Keys(state.Links)) {
		link := state.Links[peer]
		var err error
		switch {
		case link.Cut && !c.NFTables.Supported:
			err = fmt.Errorf("cut: %s", c.NFTables.Reason)
		case link.CutReplies && !c.NFTables.Supported:
			err = fmt.Errorf("cut_replies: %s", c.NFTables.Reason)
		case link.Reset && !c.Reject.Supported:
			err = fmt.Errorf("reset: %s", c.Reject.Reason)
		case link.Shaped() && !c.NFQueue.Supported:
			err = checkNetem(link, c)
		}
		if err != nil {
			return fmt.Errorf("links.%s.%w", peer, err)
		}
	}
	return nil
}

func checkNetem(link agent.Link, c Capabilities) error {
	if !c.Netem.Supported {
		return fmt.Errorf("loss, delay, jitter: %s; %s", c.NFQueue.Reason, c.Netem.Reason)
	}
	if link.JitterMS > 0 && !link.Reorder {
		return fmt.Errorf("jitter_ms %d: netem, the only way here, also reorders: allowed with reorder true", link.JitterMS)
	}
	return nil
}

func (f *Faults) shape(state agent.State, ms map[string]float64) error {
	used := f.queue != nil || f.netem != nil
	if !used && len(shapedPeers(state)) == 0 {
		return nil
	}
	if !f.capabilities.NFQueue.Supported {
		return timed(ms, "netem", func() error { return f.shapeByNetem(state) })
	}
	return timed(ms, "nfqueue", func() error { return f.shapeByQueue(state) })
}

func (f *Faults) shapeByQueue(state agent.State) (err error) {
	if f.queue == nil {
		if f.queue, err = openQueue(f.namespace); err != nil {
			return err
		}
	}
	return f.queue.shape(state)
}

func (f *Faults) shapeByNetem(state agent.State) (err error) {
	if f.netem == nil {
		if f.netem, err = openNetem(f.namespace); err != nil {
			return err
		}
	}
	return f.netem.apply(state)
}

func timed(ms map[string]float64, primitive string, do func() error) error {
	start := time.Now()
	err := do()
	ms[primitive] = float64(time.Since(start).Microseconds()) / 1000
	return err
}

// Stats counts what the faults did since Open, by peer.
func (f *Faults) Stats() (map[string]agent.PeerStats, error) {
	total := map[string]agent.PeerStats{}
	if f.capabilities.NFTables.Supported {
		filtered, err := f.filter.stats()
		if err != nil {
			return nil, err
		}
		total = filtered
	}
	if f.queue != nil {
		total = sum(total, f.queue.line.stats())
	}
	for peer := range f.inForce.Peers {
		if _, counted := total[peer]; !counted {
			total[peer] = agent.PeerStats{}
		}
	}
	return total, nil
}

// Close makes all links healthy, lets go what was held back, and gives the
// kernel's resources back.
func (f *Faults) Close() error {
	_, err := f.Apply(agent.State{})
	if f.queue != nil {
		err = errors.Join(err, f.queue.close())
		f.queue = nil
	}
	if f.netem != nil {
		f.netem.handle.Close()
		f.netem = nil
	}
	if f.capabilities.NFTables.Supported {
		err = errors.Join(err, f.filter.remove())
	}
	return err
}
