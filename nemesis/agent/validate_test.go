package agent

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValidateNamesWhatIsWrong(t *testing.T) {
	peers := map[string]string{"n2": "10.0.0.2"}
	link := func(l Link) State { return State{Peers: peers, Links: map[string]Link{"n2": l}} }
	clock := func(c Clock) State { return State{Clock: &c} }
	tests := map[string]struct {
		state State
		want  string
	}{
		"no address":       {State{Peers: map[string]string{"n2": "n2.local"}}, `peers.n2 "n2.local": allowed is an IPv4 address`},
		"IPv6":             {State{Peers: map[string]string{"n2": "::1"}}, `peers.n2 "::1": allowed is an IPv4 address`},
		"name with space":  {State{Peers: map[string]string{"n 2": "10.0.0.2"}}, `peers "n 2": allowed are names of 1 to 64 letters, digits, '.', '_', '-'`},
		"long name":        {State{Peers: map[string]string{strings.Repeat("n", 65): "10.0.0.2"}}, `: allowed are names of 1 to 64`},
		"address twice":    {State{Peers: map[string]string{"n2": "10.0.0.2", "n3": "10.0.0.2"}}, "peers.n3 10.0.0.2: already the address of n2, each peer needs its own"},
		"unknown peer":     {State{Peers: peers, Links: map[string]Link{"n9": {Cut: true}}}, "links.n9: no such peer, allowed are n2"},
		"cut and reset":    {link(Link{Cut: true, Reset: true}), "links.n2: reset true: a cut link carries no RST, allowed is one of cut and reset"},
		"loss":             {link(Link{LossPercent: 101}), "links.n2: loss_percent 101: allowed are 0 to 100"},
		"loss, no number":  {link(Link{LossPercent: math.NaN()}), "links.n2: loss_percent NaN: allowed are 0 to 100"},
		"delay":            {link(Link{DelayMS: 60_001}), "links.n2: delay_ms 60001: allowed are 0 to 60000"},
		"negative jitter":  {link(Link{JitterMS: -1}), "links.n2: jitter_ms -1: allowed are 0 to 60000"},
		"reorder":          {link(Link{DelayMS: 5, Reorder: true}), "links.n2: reorder true: needs a jitter_ms of 1 or more, packets of equal delay keep their order"},
		"offset":           {clock(Clock{OffsetMS: maxOffsetMS + 1}), "clock: offset_ms 315360000001: allowed are -315360000000 to 315360000000 (ten years)"},
		"rate":             {clock(Clock{Rate: -1}), "clock: rate -1: allowed are 0.01 to 100, and 0 for 1"},
		"rate, no number":  {clock(Clock{Rate: math.NaN()}), "clock: rate NaN: allowed are 0.01 to 100, and 0 for 1"},
		"strobe":           {clock(Clock{StrobeMS: -maxOffsetMS - 1, StrobePeriodMS: 1}), "clock: strobe_ms -315360000001: allowed are "},
		"strobe, how fast": {clock(Clock{StrobeMS: 5}), "clock: strobe_ms 5 with strobe_period_ms 0: allowed is both or none"},
		"strobe, how far":  {clock(Clock{StrobePeriodMS: 5}), "clock: strobe_ms 0 with strobe_period_ms 5: allowed is both or none"},
		"strobe period":    {clock(Clock{StrobeMS: 5, StrobePeriodMS: -5}), "clock: strobe_period_ms -5: allowed are 0 to "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.state.Validate()
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestValidateAllowsTheLimits(t *testing.T) {
	require.NoError(t, State{}.Validate())
	require.NoError(t, State{
		Peers: map[string]string{"n2": "10.0.0.2", "n3": "10.0.0.3"},
		Links: map[string]Link{"n2": {LossPercent: 100, DelayMS: 60_000, JitterMS: 60_000, Reorder: true}, "n3": {Cut: true}},
		Clock: &Clock{OffsetMS: -maxOffsetMS, Rate: 100, StrobeMS: 1, StrobePeriodMS: 1},
	}.Validate())
}
