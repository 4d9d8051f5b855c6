package nemesis

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func draw(t *testing.T, o DrawOptions) Schedule {
	t.Helper()
	s, err := Draw(o)
	require.NoError(t, err)
	return s
}

// everything draws every kind that can be drawn.
var everything = []string{"mixed", "power", "disk"}

// gaps are the healthy spans between a schedule's steps.
func gaps(s Schedule) []Millis {
	var spans []Millis
	for i := 1; i < len(s.Steps); i++ {
		before := s.Steps[i-1]
		spans = append(spans, s.Steps[i].At-before.At-before.For)
	}
	return spans
}

func TestDrawKeepsItsPromises(t *testing.T) {
	for seed := range uint64(60) {
		for _, length := range []time.Duration{MinLength, 10 * time.Second, time.Minute, 10 * time.Minute} {
			for _, nodes := range []int{3, 4, 5} {
				name := fmt.Sprintf("seed %d, %v, %d nodes", seed, length, nodes)
				s := draw(t, DrawOptions{Seed: seed, Nodes: nodes, Length: length, Mix: []string{"mixed"}})
				require.NoError(t, s.Validate(), name)
				require.NotEmpty(t, s.Steps, name)
				require.GreaterOrEqual(t, s.Steps[0].At, Millis(1000), "%s: quiet period", name)
				last := s.Steps[len(s.Steps)-1]
				require.LessOrEqual(t, last.At+last.For, s.Length-1500, "%s: margin", name)
				short := 0
				for _, gap := range gaps(s) {
					require.Positive(t, gap, name)
					if gap.Duration() < minGap {
						short++
						require.Less(t, short, 2, "%s: faults in a row without recovery", name)
					} else {
						short = 0
					}
				}
				for _, step := range s.Steps {
					require.GreaterOrEqual(t, step.For.Duration(), minFault, name)
					require.NotContains(t, []Kind{Wipe, Power, Disk}, step.Fault.Kind, name)
					if nodes < ringNodes {
						require.NotContains(t, []Shape{Ring, Bridge}, step.Fault.Shape, name)
					}
				}
			}
		}
	}
}

func TestDrawFillsShortRuns(t *testing.T) {
	for seed := range uint64(60) {
		s := draw(t, DrawOptions{Seed: seed, Nodes: 3, Length: 10 * time.Second, Mix: []string{"mixed"}})
		require.GreaterOrEqual(t, len(s.Steps), 2, "seed %d", seed)
		s = draw(t, DrawOptions{Seed: seed, Nodes: 3, Length: 2 * time.Minute, Mix: []string{"mixed"}})
		kinds := map[Kind]int{}
		for _, step := range s.Steps {
			kinds[step.Fault.Kind]++
		}
		require.Len(t, kinds, len(drawnKinds)-len(notMixed), "seed %d: each kind shows in two minutes: %v", seed, kinds)
	}
}

func TestDrawDealsEveryFault(t *testing.T) {
	for _, nodes := range []int{3, 5} {
		seen := map[Fault]bool{}
		for seed := range uint64(200) {
			for _, step := range draw(t, DrawOptions{Seed: seed, Nodes: nodes, Length: time.Minute, Mix: everything}).Steps {
				seen[step.Fault] = true
			}
		}
		for _, cards := range faultCards(nodes) {
			for _, card := range cards {
				require.True(t, seen[card], "%d nodes: never dealt: %v", nodes, card)
			}
		}
	}
}

func TestDrawDependsOnTheSeedOnly(t *testing.T) {
	o := DrawOptions{Seed: 7, Nodes: 3, Length: time.Minute, Mix: []string{"mixed"}}
	require.Equal(t, draw(t, o), draw(t, o))
	other := o
	other.Seed = 8
	require.NotEqual(t, draw(t, o).Steps, draw(t, other).Steps)
}

func TestDrawWithoutAKindReDealsNothingElse(t *testing.T) {
	for seed := range uint64(20) {
		o := DrawOptions{Seed: seed, Nodes: 5, Length: 2 * time.Minute, Mix: everything}
		mixed := draw(t, o)
		for _, removed := range drawnKinds {
			o.Mix = nil
			for _, kind := range drawnKinds {
				if kind != removed {
					o.Mix = append(o.Mix, string(kind))
				}
			}
			rest := draw(t, o)
			require.Len(t, rest.Steps, len(mixed.Steps))
			for i, step := range mixed.Steps {
				if step.Fault.Kind != removed {
					require.Equal(t, step, rest.Steps[i], "seed %d without %s", seed, removed)
				} else {
					require.NotEqual(t, removed, rest.Steps[i].Fault.Kind)
				}
			}
		}
	}
}

func TestDrawRecoverEvery(t *testing.T) {
	short := func(every int) (count int) {
		for seed := range uint64(20) {
			s := draw(t, DrawOptions{Seed: seed, Nodes: 3, Length: time.Minute, Mix: []string{"kill"}, RecoverEvery: every})
			for _, gap := range gaps(s) {
				if gap.Duration() < minGap {
					count++
				}
			}
		}
		return count
	}
	require.Zero(t, short(1))
	require.Positive(t, short(2))
	require.Greater(t, short(9), short(2))
}

func TestDrawMix(t *testing.T) {
	tests := []struct {
		mix  []string
		name string
	}{
		{nil, "none"},
		{[]string{"none"}, "none"},
		{[]string{"mixed"}, "partition, kill, stop, pause, clock, elect, delay, loss, reset, reorder"},
		{[]string{"clock"}, "clock"},
		{[]string{"elect"}, "elect"},
		{[]string{"power"}, "power"},
		{[]string{"disk", "mixed"}, "partition, kill, stop, pause, clock, elect, delay, loss, reset, reorder, disk"},
		{[]string{"pause", "partition"}, "partition, pause"},
		{[]string{"reorder", "reset", "loss", "delay"}, "delay, loss, reset, reorder"},
		{[]string{"crash"}, "kill"},
		{[]string{"kill", "crash", "kill"}, "kill"},
	}
	for _, test := range tests {
		s := draw(t, DrawOptions{Seed: 1, Nodes: 3, Length: time.Minute, Mix: test.mix})
		require.NoError(t, s.Validate())
		require.Equal(t, test.name, s.Name)
		require.Equal(t, test.name == "none", len(s.Steps) == 0)
	}
}

// Where faults cannot be had, "mixed" is all else, and their own word is still
// what was asked for.
func TestDrawWithoutSomeKinds(t *testing.T) {
	o := DrawOptions{
		Seed: 1, Nodes: 3, Length: time.Minute, Mix: []string{"mixed"}, Without: []Kind{SkewClock, Loss, Reorder},
	}
	require.Equal(t, "partition, kill, stop, pause, elect, delay, reset", draw(t, o).Name)
	o.Mix = []string{"clock", "mixed"}
	require.Equal(t, "partition, kill, stop, pause, clock, elect, delay, reset", draw(t, o).Name)
}

func TestDrawRefusesBadOptions(t *testing.T) {
	tests := map[string]struct {
		change func(*DrawOptions)
		want   string
	}{
		"unknown kind":     {func(o *DrawOptions) { o.Mix = []string{"kill", "meteor"} }, `draw schedule: mix "meteor": allowed are partition, kill, crash, stop, pause, clock, elect, delay, loss, reset, reorder, power, disk, mixed, none`},
		"wipe":             {func(o *DrawOptions) { o.Mix = []string{"wipe"} }, `draw schedule: mix "wipe": allowed are partition, kill, crash, stop, pause, clock, elect, delay, loss, reset, reorder, power, disk, mixed, none`},
		"too short":        {func(o *DrawOptions) { o.Length = time.Second }, "draw schedule: length 1s: allowed is 5s or more"},
		"no nodes":         {func(o *DrawOptions) { o.Nodes = 0 }, "draw schedule: nodes 0: allowed are 2 to 99 with this mix"},
		"lonely partition": {func(o *DrawOptions) { o.Nodes = 1 }, "draw schedule: nodes 1: allowed are 2 to 99 with this mix"},
		"recover":          {func(o *DrawOptions) { o.RecoverEvery = -1 }, "draw schedule: recover every -1: allowed is 0 (for 2) or more"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := DrawOptions{Seed: 1, Nodes: 3, Length: time.Minute, Mix: []string{"mixed"}}
			test.change(&o)
			_, err := Draw(o)
			require.EqualError(t, err, test.want)
		})
	}
}
