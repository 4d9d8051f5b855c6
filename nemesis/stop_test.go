package nemesis

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestAStopEndsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		reports := play(t, c, steady(threeNodes), schedule(t, 3, step(1, 1, 2, Fault{Kind: Stop, Target: Leader})))
		require.Equal(t, []string{"1s terminate 2", "3s restart 2", "3s heal"}, c.did())
		require.Equal(t, "stop leader (2)", reports[0].Describe)
		require.Equal(t, map[string]string{"stopped": "2: in time", "restarted": "2: run 1 -> run 2"}, reports[1].Evidence)
		requireBit(t, reports, true)
	})
}

// Who does not end is killed when the step is over, and that was no stop.
func TestAStopIsOverWithItsGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		reports := play(t, c, steady(threeNodes), schedule(t, 3,
			step(1, 1, 5, Fault{Kind: Pause, Target: Node(2)}),
			step(2, 2, 3, Fault{Kind: Stop, Target: Node(2)}),
			step(3, 3, 4, Fault{Kind: Stop, Target: Node(2)})))
		require.Equal(t, []string{
			"1s pause 2", "2s terminate 2", "3s terminate 2",
			// 5s: the second stop has a grace of its own
			"6s resume 2",
			"7s kill 2", "7s restart 2",
			"7s heal",
		}, c.did())
		require.Equal(t, "2: not within 3s", reports[3].Evidence["stopped"])
		require.Equal(t, "2: not within 4s", reports[5].Evidence["stopped"])
		require.NotContains(t, reports[3].Evidence, "killed")
		require.Equal(t, "2", reports[5].Evidence["killed"])
		requireBit(t, reports, false, true, false)
	})
}

// Whom another step kills while it is to end has not ended in order; whom it finds
// dead has.
func TestAStopIsCutShortByAKill(t *testing.T) {
	for name, kill := range map[string]Fault{
		"kill": {Kind: Kill, Target: Node(1)}, "wipe": {Kind: Wipe, Target: Node(1)}, "power": {Kind: Power, Target: Node(1)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newSimulated(3)
				reports := playSimulated(t, c, schedule(t, 3,
					step(1, 1, 5, Fault{Kind: Pause, Target: Node(1)}),
					step(2, 2, 4, Fault{Kind: Stop, Target: Node(1)}),
					step(3, 3, 1, kill),
					step(4, 7, 4, Fault{Kind: Stop, Target: Node(1)}),
					step(5, 8, 1, kill)))
				bit := map[int]bool{}
				stopped := map[int]string{}
				for _, r := range reports {
					if r.Kind == Stop && !r.Begin {
						bit[r.Step], stopped[r.Step] = *r.Bit, r.Evidence["stopped"]
					}
				}
				require.Equal(t, map[int]string{2: "1: killed by another step", 4: "1: in time"}, stopped)
				require.Equal(t, map[int]bool{2: false, 4: true}, bit)
			})
		})
	}
}

// Whoever is gone in time and has not ended as asked, such as of its disk or of the
// signal itself, has not been stopped in order.
func TestAnEndThatIsNotInOrderIsNoStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		c.rude = true
		reports := play(t, c, steady(threeNodes), schedule(t, 3, step(1, 1, 2, Fault{Kind: Stop, Target: Leader})))
		require.Equal(t, "2: ended, but not in order", reports[1].Evidence["stopped"])
		require.Equal(t, []string{"1s terminate 2", "3s restart 2", "3s heal"}, c.did())
		requireBit(t, reports, false)

		reports = playSimulated(t, newSimulated(3), schedule(t, 3,
			step(1, 1, 8, Fault{Kind: Pause, Target: Node(1)}),
			step(2, 2, 6, Fault{Kind: Stop, Target: Node(1)}),
			step(3, 3, 3, Fault{Kind: Disk, Target: Node(1), Disk: DiskError})))
		require.Equal(t, "1: ended, but not in order", stoppedIn(t, reports))
	})
}

// stoppedIn is the evidence of the only stop.
func stoppedIn(t *testing.T, reports []Report) string {
	t.Helper()
	for _, r := range reports {
		if r.Kind == Stop && !r.Begin {
			require.False(t, *r.Bit)
			return r.Evidence["stopped"]
		}
	}
	t.Fatal("no stop was healed")
	return ""
}

func TestAStopThatMeetsNobodyHasNotBitten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		c.fail["terminate"] = errors.New("not permitted")
		reports := play(t, c, steady(threeNodes), schedule(t, 3, step(1, 1, 1, Fault{Kind: Stop, Target: Leader})))
		require.Equal(t, "not permitted", reports[1].Evidence["error"])
		require.NotContains(t, reports[1].Evidence, "stopped")
		require.Equal(t, []string{"1s terminate 2", "2s restart 2", "2s heal"}, c.did(), "whom nobody has asked is not killed")
		requireBit(t, reports, false)

		dead := newFakeCluster(3)
		reports = play(t, dead, steady(threeNodes), schedule(t, 3,
			step(1, 1, 5, Fault{Kind: Kill, Target: Node(3)}),
			step(2, 2, 2, Fault{Kind: Stop, Target: Followers})))
		require.Equal(t, "1: in time", reports[2].Evidence["stopped"], "of the followers one lives")
		requireBit(t, reports, true, true)
	})
}
