package network

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis/agent"
)

func TestPlan(t *testing.T) {
	one, two := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	peers := map[string]string{"n1": one.String(), "n2": two.String(), "n3": "10.0.0.3"}
	tests := map[string]struct {
		links map[string]agent.Link
		want  []Rule
	}{
		"healthy":        {nil, nil},
		"a healthy link": {map[string]agent.Link{"n1": {}}, nil},
		"cuts by name":   {map[string]agent.Link{"n2": {Cut: true}, "n1": {Cut: true}}, []Rule{{"n1", one, Drop}, {"n2", two, Drop}}},
		"a cut is all":   {map[string]agent.Link{"n1": {Cut: true, DelayMS: 5}}, []Rule{{"n1", one, Drop}}},
		"reset":          {map[string]agent.Link{"n1": {Reset: true}}, []Rule{{"n1", one, Reset}}},
		"replies last": {map[string]agent.Link{"n1": {Cut: true, CutReplies: true}, "n2": {Cut: true}},
			[]Rule{{"n1", one, Drop}, {"n2", two, Drop}, {"n1", one, DropReplies}}},
		"loss":              {map[string]agent.Link{"n1": {LossPercent: 1}}, []Rule{{"n1", one, Queue}}},
		"delay":             {map[string]agent.Link{"n1": {DelayMS: 1}}, []Rule{{"n1", one, Queue}}},
		"jitter":            {map[string]agent.Link{"n1": {JitterMS: 1}}, []Rule{{"n1", one, Queue}}},
		"reset before loss": {map[string]agent.Link{"n1": {Reset: true, LossPercent: 1}}, []Rule{{"n1", one, Reset}, {"n1", one, Queue}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			state := agent.State{Peers: peers, Links: test.links}
			require.Equal(t, test.want, plan(state))
		})
	}
}
