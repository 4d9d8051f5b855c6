package nemesis

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/timeline"
)

// simulated is a fake cluster that can have every fault.
type simulated struct {
	*fakeCluster
	unsynced   int64         // what a power loss takes
	stepsAfter time.Duration // how long it takes to come to a step
	trouble    map[int]int64 // by node
	disks      map[int]DiskMode
}

func newSimulated(nodes int) *simulated {
	return &simulated{
		fakeCluster: newFakeCluster(nodes), unsynced: 70, stepsAfter: 12 * time.Millisecond,
		trouble: map[int]int64{}, disks: map[int]DiskMode{},
	}
}

func (c *simulated) LosePower(ctx context.Context, node int, torn bool) (lost int64, err error) {
	err = c.act(ctx, "power", fmt.Sprintf(" %d torn %v", node, torn), func() {
		if !c.deaf {
			c.states[node-1] = StateDead
			lost = c.unsynced
		}
	})
	return lost, err
}

// PowerOff takes node 3 for one that did not end in order.
func (c *simulated) PowerOff(ctx context.Context, node int) (lost int64, off bool, err error) {
	err = c.onNode(ctx, "power off", node, func() { lost, off = 5, node != 3 })
	return lost, off, err
}

func (c *simulated) KillMidStep(ctx context.Context, node int) error {
	return c.onNode(ctx, "kill in mid-step", node, func() {
		c.later(c.stepsAfter, func() { c.states[node-1] = StateDead })
	})
}

func (c *simulated) SetDisk(ctx context.Context, node int, mode DiskMode) error {
	return c.act(ctx, "disk", fmt.Sprintf(" %d %q", node, string(mode)), func() {
		c.disks[node] = mode
		if mode != DiskHealthy && !c.deaf {
			c.trouble[node] += 3
			if mode != DiskStall {
				c.states[node-1] = StateDead
			}
		}
	})
}

func (c *simulated) DiskTrouble(node int) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trouble[node]
}

// playSimulated is play on a simulated cluster.
func playSimulated(t *testing.T, c *simulated, s Schedule) []Report {
	t.Helper()
	var reports []Report
	require.NoError(t, Run(t.Context(), timeline.Live, s, c, steady(threeNodes), func(r Report) { reports = append(reports, r) }))
	return reports
}

func TestRunPower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newSimulated(3)
		reports := playSimulated(t, c, schedule(t, 3,
			step(1, 1, 1, Fault{Kind: Power, Target: Leader, Torn: true}),
			step(2, 3, 3, Fault{Kind: Kill, Target: Node(1)}),
			step(3, 4, 1, Fault{Kind: Power, Target: Node(1)})))
		require.Equal(t, []string{
			"1s power 2 torn true", "2s restart 2",
			"3s kill 1", "4s power 1 torn false", "6s restart 1", "6s heal",
		}, c.did())
		requireBit(t, reports, true, true, true)
		require.Equal(t, "power leader (2), torn", reports[0].Describe)
		require.Equal(t, map[string]string{
			"state": "2: running -> dead", "lost_bytes": "2: 70", "restarted": "2: run 1 -> run 2",
		}, reports[1].Evidence)
		require.Equal(t, map[string]string{
			"state": "1: dead", "lost_bytes": "1: 70", "restarted": "1: left to another step",
		}, reports[4].Evidence, "what was dead still had something to lose")
	})
}

func TestRunPowerOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newSimulated(3)
		reports := playSimulated(t, c, schedule(t, 3,
			step(1, 1, 2, Fault{Kind: Stop, Target: Leader, PowerOff: true}),
			step(2, 4, 2, Fault{Kind: Stop, Target: Node(3), PowerOff: true})))
		require.Equal(t, []string{
			"1s terminate 2", "3s power off 2", "3s restart 2",
			"4s terminate 3", "6s power off 3", "6s restart 3", "6s heal",
		}, c.did())
		requireBit(t, reports, true, true)
		require.Equal(t, "stop leader (2), and power off", reports[0].Describe)
		require.Equal(t, "2: 5", reports[1].Evidence["lost_bytes"])
		require.Equal(t, "3: stayed on", reports[3].Evidence["lost_bytes"])
	})
}

func TestRunDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newSimulated(3)
		reports := playSimulated(t, c, schedule(t, 3,
			step(1, 1, 1, Fault{Kind: Disk, Target: Leader, Disk: DiskError}),
			step(2, 3, 1, Fault{Kind: Disk, Target: Follower, Disk: DiskStall}),
			step(3, 5, 3, Fault{Kind: Kill, Target: Node(1)}),
			step(4, 6, 1, Fault{Kind: Disk, Target: Node(2), Disk: DiskFull}),
			step(5, 9, 3, Fault{Kind: Disk, Target: Node(3), Disk: DiskStall}),
			step(6, 10, 1, Fault{Kind: Disk, Target: Node(3), Disk: DiskFull})))
		require.Equal(t, []string{
			`1s disk 2 "eio"`, `2s disk 2 ""`, "2s restart 2",
			`3s disk 1 "stall"`, `4s disk 1 ""`,
			"5s kill 1", `6s disk 2 "full"`, `7s disk 2 ""`, "7s restart 2", "8s restart 1",
			// The later fault counts, and the node waits for the last heal.
			`9s disk 3 "stall"`, `10s disk 3 "full"`, `11s disk 3 "stall"`, `12s disk 3 ""`, "12s restart 3",
			"12s heal",
		}, c.did())
		requireBit(t, reports, true, true, true, true, true, true)
		require.Equal(t, "disk eio of leader (2)", reports[0].Describe)
		require.Equal(t, map[string]string{
			"state": "2: running -> dead", "disk_trouble": "2: 3", "restarted": "2: run 1 -> run 2",
		}, reports[1].Evidence)
		require.Equal(t, map[string]string{"state": "1: running", "disk_trouble": "1: 3"}, reports[3].Evidence)
		hit := map[int][]int{}
		for _, r := range reports {
			if r.Begin {
				hit[r.Step] = r.Nodes
			}
			require.Equal(t, hit[r.Step], r.Nodes, "step %d is healed where it began", r.Step)
		}
	})
}

func TestRunKillInMidStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newSimulated(3)
		c.later(2500*time.Millisecond, func() { c.stepsAfter = time.Hour })
		reports := playSimulated(t, c, schedule(t, 3,
			step(1, 1, 1, Fault{Kind: Kill, Target: Leader, MidStep: true}),
			step(2, 3, 1, Fault{Kind: Kill, Target: Leader, MidStep: true})))
		require.Equal(t, []string{
			"1s kill in mid-step 2", "2s restart 2",
			"3s kill in mid-step 2", "3.5s kill 2", "4s restart 2", "4s heal",
		}, c.did())
		requireBit(t, reports, true, false)
		require.Equal(t, "kill leader (2), in mid-step", reports[0].Describe)
		require.Equal(t, map[string]string{"state": "2: running -> dead", "mid_step": "2: true"}, reports[0].Evidence)
		require.Equal(t, "2: false", reports[3].Evidence["mid_step"])
		require.Equal(t, "2: running -> dead", reports[3].Evidence["state"])
	})
}

func TestSimulatedFaultsThatDidNotBite(t *testing.T) {
	broken := errors.New("broken")
	tests := map[string]struct {
		damage   func(*simulated)
		fault    Fault
		key, has string
	}{
		"power that stays on":       {func(c *simulated) { c.deaf = true }, Fault{Kind: Power, Target: Node(1)}, "state", "1: running"},
		"power that cannot be lost": {func(c *simulated) { c.fail["power"] = broken }, Fault{Kind: Power, Target: Node(1)}, "error", "broken"},
		"a disk that nobody uses":   {func(c *simulated) { c.deaf = true }, Fault{Kind: Disk, Disk: DiskFull, Target: Node(1)}, "disk_trouble", "1: 0"},
		"a disk that cannot fail": {func(c *simulated) {
			c.fail["disk"] = broken
			c.later(1500*time.Millisecond, func() { delete(c.fail, "disk") })
		}, Fault{Kind: Disk, Disk: DiskStall, Target: Node(1)}, "error", "broken"},
		"a kill that cannot be had": {func(c *simulated) { c.fail["kill in mid-step"] = broken }, Fault{Kind: Kill, MidStep: true, Target: Node(1)}, "error", "broken"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newSimulated(3)
				test.damage(c)
				reports := playSimulated(t, c, schedule(t, 3, step(1, 1, 1, test.fault)))
				requireBit(t, reports, false)
				require.Equal(t, test.has, reports[1].Evidence[test.key])
			})
		})
	}
}

func TestOtherClustersRefuseSimulatedFaults(t *testing.T) {
	for want, f := range map[string]Fault{
		"power leader, torn":       {Kind: Power, Target: Leader, Torn: true},
		"disk stall of node:1":     {Kind: Disk, Disk: DiskStall, Target: Node(1)},
		"kill leader, in mid-step": {Kind: Kill, Target: Leader, MidStep: true},
	} {
		want = "fault: " + want + ": this cluster cannot have that, allowed on a simulated cluster only"
		s := schedule(t, 3, step(1, 1, 1, Fault{Kind: Kill, Target: Leader}), step(4, 2, 1, f))
		require.NoError(t, Unsupported(s, newSimulated(3)))
		require.NoError(t, Unsupported(s, (*simulated)(nil)), "the type tells")
		c := newFakeCluster(3)
		require.EqualError(t, Unsupported(s, c), "step 4: "+want)
		require.EqualError(t, Run(t.Context(), timeline.Live, s, c, steady(threeNodes), func(Report) {}), "run schedule: step 4: "+want)
		_, err := NewHand(c, steady(threeNodes)).Apply(t.Context(), f)
		require.EqualError(t, err, "apply: "+want)
		require.Empty(t, c.did())
	}
}
