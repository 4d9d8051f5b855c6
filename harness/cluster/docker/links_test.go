package docker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
	"github.com/ackproof/ackproof/nemesis/agent"
)

func threeNodes() *Cluster {
	c := &Cluster{subnet: subnet{pool}, counters: counters{last: map[nemesis.Link]nemesis.LinkStats{}}}
	for id := 1; id <= 3; id++ {
		c.nodes = append(c.nodes, &node{id: id, cluster: c})
	}
	return c
}

func TestPeersAreAllOthersAndTheClients(t *testing.T) {
	require.Equal(t, map[string]string{
		"clients": "198.18.0.254", "n1": "198.18.0.1", "n3": "198.18.0.3",
	}, threeNodes().peers(2))
}

func TestLinksActAtTheReceiver(t *testing.T) {
	links := nemesis.Links{
		{From: 1, To: 2}:               {Cut: true},
		{From: 2, To: 1}:               {Delay: 50},
		{From: 3, To: 2}:               {},
		{From: nemesis.Clients, To: 2}: {Reset: true, Cut: true},
		{From: 1, To: nemesis.Clients}: {Cut: true},
	}
	require.Equal(t, map[string]agent.Link{"n1": {Cut: true}, "clients": {Reset: true}}, linksOf(2, links))
	require.Equal(t, map[string]agent.Link{"n2": {DelayMS: 50}, "clients": {CutReplies: true}}, linksOf(1, links))
	require.Empty(t, linksOf(3, links))
	for node := 1; node <= 3; node++ {
		state := agent.State{Peers: threeNodes().peers(node), Links: linksOf(node, links)}
		require.NoError(t, state.Validate(), "what the agent is told is what it takes")
	}
}

func TestLinksThatCannotBeAreRefused(t *testing.T) {
	tests := map[string]struct {
		link  nemesis.Link
		state nemesis.LinkState
		says  string
	}{
		"to nobody":      {nemesis.Link{From: 1, To: 4}, nemesis.LinkState{Cut: true}, "no link from 1 to 4"},
		"to itself":      {nemesis.Link{From: 1, To: 1}, nemesis.LinkState{Cut: true}, "no link from 1 to 1"},
		"slow replies":   {nemesis.Link{From: 1, To: nemesis.Clients}, nemesis.LinkState{Delay: 5}, "link from 1 to clients: {Cut:false Reset:false Delay:5 Jitter:0 Reorder:false Loss:0}: allowed is a cut"},
		"negative delay": {nemesis.Link{From: 1, To: 2}, nemesis.LinkState{Delay: -1}, "link from 1 to 2: delay_ms -1: allowed are 0 to 60000"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := threeNodes().SetLinks(t.Context(), nemesis.Links{test.link: test.state})
			require.ErrorContains(t, err, "set links: "+test.says)
		})
	}
}

func TestCountersAreKeptByLink(t *testing.T) {
	c := threeNodes()
	c.counters.take(2, map[string]agent.PeerStats{
		"n1":      {Dropped: agent.Count{Packets: 2, Bytes: 120}, Lost: agent.Count{Packets: 1, Bytes: 30}},
		"clients": {Reset: agent.Count{Packets: 3, Bytes: 180}, Delayed: agent.Count{Packets: 4, Bytes: 400}, Reordered: agent.Count{Packets: 2, Bytes: 200}, Unsent: agent.Count{Packets: 1, Bytes: 77}},
	}, 3)
	require.Equal(t, map[nemesis.Link]nemesis.LinkStats{
		{From: 1, To: 2}:               {Held: 120, Lost: 1},
		{From: nemesis.Clients, To: 2}: {Reset: 3, Delayed: 400, Reordered: 2},
		{From: 2, To: nemesis.Clients}: {Held: 77},
	}, c.LinkStats(), "those of agents that do not answer are the last ones")
}

func TestASandboxRunsIfAnythingInItDoes(t *testing.T) {
	stopped, dead := agent.Process{State: agent.ProcessStopped}, agent.Process{State: agent.ProcessDead}
	running := agent.Process{State: agent.ProcessRunning}
	require.Equal(t, nemesis.StateDead, stateOf(nil))
	require.Equal(t, nemesis.StateDead, stateOf([]agent.Process{dead}))
	require.Equal(t, nemesis.StateStopped, stateOf([]agent.Process{dead, stopped}))
	require.Equal(t, nemesis.StateRunning, stateOf([]agent.Process{stopped, running, dead}))
}
