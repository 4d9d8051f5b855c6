package sandbox

import (
	"errors"
	"fmt"
	"time"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// Stats implements agent.Node. Its error includes what the reconciling could
// not do.
func (n *node) Stats() (agent.Stats, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	stats := agent.Stats{
		Gen: n.state.Gen, Processes: []agent.Process{},
		HostUnixNS: time.Now().UnixNano(), Clocks: n.readClocks(),
	}
	peers, linksErr := n.links.Stats()
	if linksErr != nil {
		linksErr = fmt.Errorf("stats of links: %w", linksErr)
	}
	stats.Peers = peers
	processes, processErr := n.processes()
	stats.Processes = append(stats.Processes, processes...)
	return stats, errors.Join(linksErr, processErr, n.drift)
}

func (n *node) processes() ([]agent.Process, error) {
	listed, err := n.table.List()
	if err != nil {
		return nil, fmt.Errorf("stats of processes: %w", err)
	}
	var processes []agent.Process
	for _, p := range listed {
		processes = append(processes, agent.Process{
			PID: p.PID, Parent: p.Parent, Name: p.Name, State: stateOf(p.State), StartTicks: p.StartTicks,
		})
	}
	return processes, nil
}

// stateOf translates the state letters of proc(5).
func stateOf(letter byte) string {
	switch letter {
	case 'T':
		return agent.ProcessStopped
	case 'Z', 'X':
		return agent.ProcessDead
	default:
		return agent.ProcessRunning
	}
}
