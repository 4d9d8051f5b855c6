package nemesis

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ackproof/ackproof/harness/timeline"
	"github.com/stretchr/testify/require"
)

// play runs a schedule in synctest's time and returns its reports.
func play(t *testing.T, c *fakeCluster, v View, s Schedule) []Report {
	t.Helper()
	var reports []Report
	require.NoError(t, Run(t.Context(), timeline.Live, s, c, v, func(r Report) { reports = append(reports, r) }))
	return reports
}

// requireBit checks the verdicts of the heal reports, in order.
func requireBit(t *testing.T, reports []Report, want ...bool) {
	t.Helper()
	var got []bool
	for _, r := range reports {
		require.Equal(t, r.Begin, r.Bit == nil)
		if r.Bit != nil {
			got = append(got, *r.Bit)
		}
	}
	require.Equal(t, want, got)
}

func TestRunPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		roles := threeNodes
		view := viewFunc(func() (Roles, error) {
			now := roles
			if len(c.links) > 0 { // the others elect a new leader
				now.Leader, now.LeaderEpoch, now.ISR = 1, 5, []int{1, 3}
			}
			return now, nil
		})
		reports := play(t, c, view, schedule(t, 3,
			step(1, 2, 3, Fault{Kind: Partition, Shape: Isolate, Target: Leader, Clients: true})))
		require.Equal(t, []string{"2s links 6 cut", "5s links 0 cut", "5s heal"}, c.did())
		bit := true
		require.Equal(t, []Report{
			{Step: 1, Begin: true, Kind: Partition, Nodes: []int{2},
				Describe: "isolate leader (2), from clients too", Evidence: map[string]string{}},
			{Step: 1, Kind: Partition, Nodes: []int{2},
				Describe: "healed: isolate leader (2), from clients too",
				Evidence: map[string]string{
					"held_bytes": "60", "leader": "2 -> 1", "leader_epoch": "4 -> 5", "isr": "1,2,3 -> 1,3",
				},
				Bit: &bit, Healing: c.start.Add(5 * time.Second)},
		}, reports)
	})
}

func TestRunPartitionBit(t *testing.T) {
	blind := viewFunc(func() (Roles, error) { return Roles{}, errors.New("no broker answers") })
	tests := map[string]struct {
		idle bool
		view func(*fakeCluster) View
		want bool
	}{
		"bytes held back":           {false, func(*fakeCluster) View { return steady(threeNodes) }, true},
		"nothing sent, no reaction": {true, func(*fakeCluster) View { return steady(threeNodes) }, false},
		"nothing sent, but a reaction": {true, func(c *fakeCluster) View {
			return viewFunc(func() (Roles, error) {
				r := threeNodes
				if len(c.links) > 0 {
					r.ISR = []int{2}
				}
				return r, nil
			})
		}, true},
		"nothing sent, nothing seen": {true, func(*fakeCluster) View { return blind }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCluster(3)
				c.idle = test.idle
				requireBit(t, play(t, c, test.view(c), schedule(t, 3,
					step(1, 2, 3, Fault{Kind: Partition, Shape: OneWayIn, Target: Node(1)}))), test.want)
			})
		})
	}
}

// An ISR that changes while two faults are in force may have changed by either:
// of a partition that held nothing back it is no evidence, before, during or
// after the other fault.
func TestRunPartitionThatWasNotAlone(t *testing.T) {
	partition := Fault{Kind: Partition, Shape: OneWayIn, Target: Node(1)}
	tests := map[string]struct{ partition, pause Step }{
		"a pause that began before": {step(1, 2, 4, partition), step(2, 1, 2, Fault{Kind: Pause, Target: Node(3)})},
		"a pause that began later":  {step(1, 2, 4, partition), step(2, 3, 1, Fault{Kind: Pause, Target: Node(3)})},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCluster(3)
				c.idle = true
				view := viewFunc(func() (Roles, error) {
					r := threeNodes
					if time.Since(c.start) > 2500*time.Millisecond {
						r.ISR = []int{2}
					}
					return r, nil
				})
				steps := []Step{test.partition, test.pause}
				slices.SortFunc(steps, func(a, b Step) int { return int(a.At - b.At) })
				reports := play(t, c, view, schedule(t, 3, steps...))
				require.Equal(t, "pause", string(reports[2].Kind), "it heals first")
				requireBit(t, reports, true, false)
				require.Equal(t, "1,2,3 -> 2", reports[3].Evidence["isr"], "it is told all the same")
			})
		})
	}
}

// Each fault of links shows by what it did to what went over them, and by
// nothing else.
func TestRunFaultsOfLinks(t *testing.T) {
	tests := map[string]struct {
		fault     Fault
		evidence  string
		says, bad string
	}{
		"delay":   {Fault{Kind: Delay, Delay: 100, Jitter: 50}, "delayed_bytes", "delay 100ms jitter 50ms, isolate leader (2)", "80"},
		"loss":    {Fault{Kind: Loss, Loss: 12.5, Clients: true}, "lost_packets", "loss 12.5%, isolate leader (2), clients too", "5"},
		"reset":   {Fault{Kind: Reset}, "resets", "reset, isolate leader (2)", "4"},
		"reorder": {Fault{Kind: Reorder, Jitter: 20}, "reordered_packets", "reorder jitter 20ms, isolate leader (2)", "4"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, idle := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					c := newFakeCluster(3)
					c.idle = idle
					view := viewFunc(func() (Roles, error) {
						r := threeNodes
						if len(c.links) > 0 {
							r.LeaderEpoch++ // which may be for many reasons
						}
						return r, nil
					})
					test.fault.Shape, test.fault.Target = Isolate, Leader
					reports := play(t, c, view, schedule(t, 3, step(1, 2, 3, test.fault)))
					require.Equal(t, test.says, reports[0].Describe)
					requireBit(t, reports, !idle)
					if !idle {
						require.Equal(t, test.bad, reports[1].Evidence[test.evidence])
					}
					require.Empty(t, c.links, "healed")
				})
			}
		})
	}
}

func TestRunKillPauseWipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		reports := play(t, c, steady(threeNodes), schedule(t, 3,
			step(1, 1, 1, Fault{Kind: Kill, Target: Leader}),
			step(2, 3, 1, Fault{Kind: Pause, Target: Controller}),
			step(3, 5, 1, Fault{Kind: Wipe, Target: Node(1)})))
		require.Equal(t, []string{
			"1s kill 2", "2s restart 2",
			"3s pause 3", "4s resume 3",
			"5s kill 1", "5s wipe 1", "6s restart 1",
			"6s heal",
		}, c.did())
		requireBit(t, reports, true, true, true)
		require.Equal(t, "kill leader (2)", reports[0].Describe)
		require.Equal(t, map[string]string{"state": "2: running -> dead"}, reports[0].Evidence)
		require.Equal(t, map[string]string{"state": "2: running -> dead", "restarted": "2: run 1 -> run 2"}, reports[1].Evidence)
		require.Equal(t, map[string]string{"state": "3: running -> stopped"}, reports[3].Evidence)
		require.Equal(t, map[string]string{
			"state": "1: running -> dead", "data_bytes": "1: 100 -> 0", "restarted": "1: run 1 -> run 2",
		}, reports[5].Evidence)
	})
}

// What happens while a fault is lifted is no longer under the fault.
func TestRunTellsWhenHealingBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		slow := slowCluster{c}
		var reports []Report
		require.NoError(t, Run(t.Context(), timeline.Live, schedule(t, 3, step(1, 1, 2, Fault{Kind: Kill, Target: Leader})), slow,
			steady(threeNodes), func(r Report) { reports = append(reports, r) }))
		require.True(t, reports[0].Healing.IsZero())
		require.Equal(t, 3*time.Second, reports[1].Healing.Sub(c.start))
		require.Equal(t, 4*time.Second, time.Since(c.start))
	})
}

func TestRunSaysWhatDidNotBite(t *testing.T) {
	tests := map[string]struct {
		damage   func(*fakeCluster)
		fault    Fault
		key, has string
	}{
		"a kill that kills nobody":     {func(c *fakeCluster) { c.deaf = true }, Fault{Kind: Kill, Target: All}, "state", "1: running, 2: running, 3: running"},
		"a pause that stops nobody":    {func(c *fakeCluster) { c.deaf = true }, Fault{Kind: Pause, Target: Node(2)}, "state", "2: running"},
		"a wipe of nothing":            {func(c *fakeCluster) { c.data[0] = 0 }, Fault{Kind: Wipe, Target: Node(1)}, "data_bytes", "1: 0"},
		"a kill that fails":            {func(c *fakeCluster) { c.fail["kill"] = errors.New("not permitted") }, Fault{Kind: Kill, Target: Node(1)}, "error", "not permitted"},
		"a pause that fails":           {func(c *fakeCluster) { c.fail["pause"] = errors.New("not permitted") }, Fault{Kind: Pause, Target: Node(1)}, "error", "not permitted"},
		"a wipe that fails":            {func(c *fakeCluster) { c.fail["wipe"] = errors.New("read only") }, Fault{Kind: Wipe, Target: Node(1)}, "error", "read only"},
		"a state that nobody can read": {func(c *fakeCluster) { c.fail["running"] = errors.New("no /proc") }, Fault{Kind: Kill, Target: Node(1)}, "target", "nobody alive was known as node:1, took nobody"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCluster(3)
				test.damage(c)
				reports := play(t, c, steady(threeNodes), schedule(t, 3, step(1, 1, 1, test.fault)))
				requireBit(t, reports, false)
				require.Equal(t, test.has, reports[1].Evidence[test.key])
			})
		})
	}
}

func TestRunOverlappingFaultsHealWithTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		reports := play(t, c, steady(threeNodes), schedule(t, 3,
			step(1, 1, 4, Fault{Kind: Kill, Target: Node(1)}),
			step(2, 1, 9, Fault{Kind: Partition, Shape: Isolate, Target: Node(2)}),
			step(3, 2, 5, Fault{Kind: Wipe, Target: Node(1)}),
			step(4, 3, 9, Fault{Kind: Partition, Shape: OneWayIn, Target: Node(3), Clients: true}),
			step(5, 8, 3, Fault{Kind: Pause, Target: Node(2)}),
			step(6, 9, 1, Fault{Kind: Pause, Target: Node(2)})))
		require.Equal(t, []string{
			"1s kill 1",
			"1s links 4 cut",
			"2s kill 1", "2s wipe 1",
			"3s links 6 cut", // 2 to 3 is cut by both
			// 5s: the kill is over, the wipe still holds node 1
			"7s restart 1",
			"8s pause 2",
			"9s pause 2",
			// 10s: the second pause is over, the first still holds node 2
			"10s links 3 cut",
			"11s resume 2",
			"12s links 0 cut",
			"12s heal",
		}, c.did())
		require.Equal(t, "1: left to another step", reports[4].Evidence["restarted"])
		requireBit(t, reports, true, true, true, false, true, true)
	})
}

func TestRunHealsBeforeItBeginsAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		requireBit(t, play(t, c, steady(threeNodes), schedule(t, 3,
			step(1, 1, 1, Fault{Kind: Kill, Target: Node(1)}),
			step(2, 2, 1, Fault{Kind: Kill, Target: Node(1)}))), true, true)
		require.Equal(t, []string{"1s kill 1", "2s restart 1", "2s kill 1", "3s restart 1", "3s heal"}, c.did())
	})
}

func TestRunWaitsForARole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		view := viewFunc(func() (Roles, error) {
			roles := threeNodes
			if time.Since(c.start) < 1200*time.Millisecond {
				roles.Leader = 0
			}
			return roles, nil
		})
		reports := play(t, c, view, schedule(t, 3,
			step(1, 1, 4, Fault{Kind: Kill, Target: Leader}),
			step(2, 1, 1, Fault{Kind: Pause, Target: Node(1)})))
		require.Equal(t, []string{
			"1s pause 1", // not kept waiting
			"1.2s kill 2",
			"2s resume 1",
			"5s restart 2",
			"5s heal",
		}, c.did())
		require.NotContains(t, reports[1].Evidence, "target")
	})
}

func TestRunTakesTheClosestWhereNobodyHasTheRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		leaderless := threeNodes
		leaderless.Leader, leaderless.ISR = 0, []int{3}
		reports := play(t, c, steady(leaderless), schedule(t, 3,
			step(1, 1, 3, Fault{Kind: Kill, Target: Leader}),
			step(2, 5, 9, Fault{Kind: Kill, Target: Leader})))
		require.Equal(t, []string{
			"2.5s kill 3", // half of its time had passed
			"4s restart 3",
			"7s kill 3", // two seconds had passed
			"14s restart 3",
			"14s heal",
		}, c.did())
		require.Equal(t, "nobody alive was known as leader, took the closest", reports[1].Evidence["target"])
		requireBit(t, reports, true, true)
	})
}

func TestRunTakesADeadLeaderForNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		reports := play(t, c, steady(threeNodes), schedule(t, 3,
			step(1, 1, 8, Fault{Kind: Kill, Target: Leader}),
			step(2, 2, 4, Fault{Kind: Pause, Target: Leader})))
		require.Equal(t, []int{1}, reports[1].Nodes)
		require.Equal(t, "4s pause 1", c.did()[1])
	})
}

func TestRunReportsAStepThatHitsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		reports := play(t, c, steady(threeNodes), schedule(t, 3,
			step(1, 1, 8, Fault{Kind: Kill, Target: All}),
			step(2, 2, 4, Fault{Kind: Pause, Target: Leader})))
		requireBit(t, reports, false, true)
		require.Equal(t, "pause leader (nobody)", reports[1].Describe)
		require.Empty(t, reports[1].Nodes)
	})
}

func TestRunHealsWhenCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		ctx, cancel := context.WithCancelCause(t.Context())
		interrupted := errors.New("interrupted")
		time.AfterFunc(3500*time.Millisecond, func() { cancel(interrupted) })
		var reports []Report
		err := Run(ctx, timeline.Live, schedule(t, 3,
			step(1, 1, 9, Fault{Kind: Kill, Target: Leader}),
			step(2, 2, 5, Fault{Kind: Partition, Shape: Isolate, Target: Node(1)}),
			step(3, 3, 6, Fault{Kind: Pause, Target: Node(3)}),
			step(4, 4, 1, Fault{Kind: Kill, Target: All}),
		), c, steady(threeNodes), func(r Report) { reports = append(reports, r) })
		require.ErrorIs(t, err, interrupted)
		require.Equal(t, []string{
			"1s kill 2", "2s links 4 cut", "3s pause 3",
			"3.5s links 0 cut", "3.5s resume 3", "3.5s restart 2", "3.5s heal",
		}, c.did())
		requireBit(t, reports, true, true, true)
	})
}

func TestRunHealsWhenItPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		require.PanicsWithValue(t, "bug", func() {
			begun := false
			Run(t.Context(), timeline.Live, schedule(t, 3, step(1, 1, 9, Fault{Kind: Kill, Target: Leader})), c, steady(threeNodes), func(Report) {
				if !begun {
					begun = true
					panic("bug")
				}
			})
		})
		require.Equal(t, []string{"1s kill 2", "1s restart 2", "1s heal"}, c.did())
	})
}

func TestRunFailsWhereItCannotHeal(t *testing.T) {
	broken := errors.New("no such process")
	tests := map[string]struct {
		method string
		fault  Fault
		want   string
	}{
		"restart":  {"restart", Fault{Kind: Kill, Target: Leader}, "heal step 1: no such process"},
		"resume":   {"resume", Fault{Kind: Pause, Target: Leader}, "heal step 1: no such process"},
		"links":    {"links", Fault{Kind: Partition, Shape: Isolate, Target: Leader}, "heal step 1: no such process"},
		"heal all": {"heal", Fault{Kind: Kill, Target: Leader}, "heal all: no such process"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCluster(3)
				c.fail[test.method] = broken
				err := Run(t.Context(), timeline.Live, schedule(t, 3, step(1, 1, 1, test.fault)), c, steady(threeNodes), func(Report) {})
				require.ErrorIs(t, err, broken)
				require.EqualError(t, err, test.want)
				require.Contains(t, c.did(), "2s heal", "it heals what it can")
			})
		})
	}
}

func TestRunRefusesAScheduleThatDoesNotFit(t *testing.T) {
	s := schedule(t, 5)
	err := Run(t.Context(), timeline.Live, s, newFakeCluster(3), steady(threeNodes), func(Report) {})
	require.EqualError(t, err, "run schedule: nodes 5: the cluster has 3")
	s.Version = 9
	err = Run(t.Context(), timeline.Live, s, newFakeCluster(5), steady(threeNodes), func(Report) {})
	require.EqualError(t, err, "run schedule: version 9: allowed is 1")
}

func TestStepString(t *testing.T) {
	require.Equal(t, "3: at 1s for 2s: kill followers", step(3, 1, 2, Fault{Kind: Kill, Target: Followers}).String())
	require.Equal(t, "minority around leader, from clients too",
		Fault{Kind: Partition, Shape: Halves, Target: Leader, Clients: true}.String())
	require.Equal(t, "ring", Fault{Kind: Partition, Shape: Ring, Target: Leader}.String())
}
