package network

import "github.com/ackproof/ackproof/nemesis/agent"

// sum adds what was counted in two places, by peer.
func sum(counts ...map[string]agent.PeerStats) map[string]agent.PeerStats {
	total := map[string]agent.PeerStats{}
	for _, part := range counts {
		for peer, c := range part {
			t := total[peer]
			total[peer] = agent.PeerStats{
				Dropped:   plus(t.Dropped, c.Dropped),
				Unsent:    plus(t.Unsent, c.Unsent),
				Reset:     plus(t.Reset, c.Reset),
				Lost:      plus(t.Lost, c.Lost),
				Delayed:   plus(t.Delayed, c.Delayed),
				Reordered: plus(t.Reordered, c.Reordered),
			}
		}
	}
	return total
}

func plus(a, b agent.Count) agent.Count {
	return agent.Count{Packets: a.Packets + b.Packets, Bytes: a.Bytes + b.Bytes}
}
