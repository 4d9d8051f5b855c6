package nemesis

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClocksInWords(t *testing.T) {
	for want, clock := range map[string]Clock{
		"+1h0m0s":                          {Offset: hour},
		"-1m0s":                            {Offset: -60_000},
		"x2":                               {Rate: 2},
		"+1s x0.5":                         {Offset: 1000, Rate: 0.5},
		"+1h0m0s every second 100ms":       {Offset: hour, StrobePeriod: 100},
		"+1h0m0s every second 100ms x1.01": {Offset: hour, StrobePeriod: 100, Rate: 1.01},
		"+0s":                              {},
	} {
		require.Equal(t, want, clock.String())
	}
	require.Equal(t, "clock x2 of leader (3)", Fault{Kind: SkewClock, Target: Leader, Clock: Clock{Rate: 2}}.on([]int{3}))
}

func TestRunClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		reports := play(t, c, steady(threeNodes), schedule(t, 3,
			step(1, 1, 2, Fault{Kind: SkewClock, Target: Controller, Clock: Clock{Offset: hour}}),
			step(2, 4, 2, Fault{Kind: SkewClock, Target: Followers, Clock: Clock{Rate: 0.5}}),
			step(3, 7, 2, Fault{Kind: SkewClock, Target: Leader, Clock: Clock{Offset: -hour, StrobePeriod: 300}})))
		require.Equal(t, []string{
			"1s clock 3 +1h0m0s", "3s clock 3 +0s",
			"4s clock 1 x0.5", "4s clock 3 x0.5", "6s clock 1 +0s", "6s clock 3 +0s",
			// The strobe's offset is away at 9 s; the next look but one finds it.
			"7s clock 2 -1h0m0s every second 300ms", "9.15s clock 2 +0s",
			"9.15s heal",
		}, sorted(c.did(), 2, 4, 4, 6))
		requireBit(t, reports, true, true, true)
		require.Equal(t, "clock +1h0m0s of controller (3)", reports[0].Describe)
		require.Empty(t, reports[0].Evidence)
		require.Equal(t, map[string]string{
			"clock": "3: +1h0m0s", "host_clock_moved": "3: +0s", "leader": "2", "leader_epoch": "4", "isr": "1,2,3",
		}, reports[1].Evidence)
		require.Equal(t, "1: -1s, 3: -1s", reports[3].Evidence["clock"])
		require.Equal(t, "2: -1h0m0s", reports[5].Evidence["clock"])
	})
}

// sorted sorts parts of a log, given as pairs from and to: calls at the same
// time come in any order.
func sorted(log []string, spans ...int) []string {
	for i := 0; i < len(spans); i += 2 {
		part := log[spans[i]:spans[i+1]]
		if len(part) == 2 && part[0] > part[1] {
			part[0], part[1] = part[1], part[0]
		}
	}
	return log
}

func TestRunClockThatDidNotBite(t *testing.T) {
	tests := map[string]struct {
		clock Clock
		spoil func(*fakeCluster)
		error string
	}{
		"a clock that stays right":   {Clock{Offset: hour}, func(c *fakeCluster) { c.deaf = true }, ""},
		"a rate that stays the same": {Clock{Rate: 2}, func(c *fakeCluster) { c.deaf = true }, ""},
		"a strobe that never comes":  {Clock{Offset: hour, StrobePeriod: 100}, func(c *fakeCluster) { c.deaf = true }, ""},
		"the host's clock as well": {Clock{Offset: hour}, func(c *fakeCluster) {
			c.later(2*time.Second, func() { c.host = 2 * time.Second })
		}, ""},
		"a clock that cannot be read": {Clock{Offset: hour}, func(c *fakeCluster) {
			c.fail["read clock"] = errors.New("no clock")
		}, "no clock"},
		"a clock that cannot be set": {Clock{Offset: hour}, func(c *fakeCluster) {
			c.fail["clock"] = errors.New("not here")
			c.later(2*time.Second, func() { delete(c.fail, "clock") })
		}, "not here"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCluster(3)
				test.spoil(c)
				reports := play(t, c, steady(threeNodes), schedule(t, 3,
					step(1, 1, 2, Fault{Kind: SkewClock, Target: Node(2), Clock: test.clock})))
				requireBit(t, reports, false)
				require.Equal(t, test.error, reports[1].Evidence["error"])
			})
		})
	}
}

// A clock that a later fault set stays until that one is over.
func TestRunClocksOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		reports := play(t, c, steady(threeNodes), schedule(t, 3,
			step(1, 1, 3, Fault{Kind: SkewClock, Target: Node(1), Clock: Clock{Offset: hour}}),
			step(2, 2, 1, Fault{Kind: SkewClock, Target: Node(1), Clock: Clock{Offset: -hour}})))
		require.Equal(t, []string{
			"1s clock 1 +1h0m0s", "2s clock 1 -1h0m0s", "3s clock 1 +1h0m0s", "4s clock 1 +0s", "4s heal",
		}, c.did())
		requireBit(t, reports, true, true)
	})
}

// What the checker's clock-moved-leader needs to know.
func TestRunClockTellsWhenRolesMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		view := viewFunc(func() (Roles, error) {
			roles := threeNodes
			if time.Since(c.start) > 2*time.Second {
				roles.Leader, roles.LeaderEpoch, roles.ISR = 1, 5, []int{1, 3}
			}
			return roles, nil
		})
		reports := play(t, c, view, schedule(t, 3,
			step(1, 1, 2, Fault{Kind: SkewClock, Target: Controller, Clock: Clock{Offset: hour}})))
		requireBit(t, reports, true)
		require.Equal(t, "4 -> 5", reports[1].Evidence["leader_epoch"])
		require.Equal(t, "1,2,3 -> 1,3", reports[1].Evidence["isr"])
	})
}
