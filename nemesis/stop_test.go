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
		requireBit(t, reports, false, true, false)
	})
}

func TestAStopThatMeetsNobodyHasNotBitten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		c.fail["terminate"] = errors.New("not permitted")
		reports := play(t, c, steady(threeNodes), schedule(t, 3, step(1, 1, 1, Fault{Kind: Stop, Target: Leader})))
		require.Equal(t, "not permitted", reports[1].Evidence["error"])
		require.NotContains(t, reports[1].Evidence, "stopped")
		requireBit(t, reports, false)

		dead := newFakeCluster(3)
		reports = play(t, dead, steady(threeNodes), schedule(t, 3,
			step(1, 1, 5, Fault{Kind: Kill, Target: Node(3)}),
			step(2, 2, 2, Fault{Kind: Stop, Target: Followers})))
		require.Equal(t, "1: in time", reports[2].Evidence["stopped"], "of the followers one lives")
		requireBit(t, reports, true, true)
	})
}
