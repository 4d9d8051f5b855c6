package nemesis

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// electing is a view of a healthy cluster that moves its leader when asked, a
// while later.
type electing struct {
	*fakeCluster
	roles Roles
	delay time.Duration
	// refuse, if set, refuses to move it.
	refuse func() error
}

func (e *electing) Roles(context.Context) (Roles, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.roles, e.fail["roles"]
}

func (e *electing) Lead(ctx context.Context, node int) error {
	if e.refuse != nil {
		if err := e.refuse(); err != nil {
			return err
		}
	}
	return e.act(ctx, "lead", fmt.Sprintf(" %d", node), func() {
		e.later(e.delay, func() {
			if e.roles.Leader != node {
				e.roles.Leader = node
				e.roles.LeaderEpoch++
			}
		})
	})
}

func TestRunElect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		view := &electing{fakeCluster: c, roles: threeNodes, delay: 300 * time.Millisecond}
		reports := play(t, c, view, schedule(t, 3,
			step(1, 1, 1, Fault{Kind: Elect, Target: Follower}),
			step(2, 3, 1, Fault{Kind: Elect, Target: Leader}),
			step(3, 5, 1, Fault{Kind: Elect, Target: Replica})))
		require.Equal(t, []string{"1s lead 3", "3s lead 3", "5s lead 2", "6s heal"}, c.did())
		requireBit(t, reports, true, true, true)
		require.Equal(t, "elect follower (3)", reports[0].Describe)
		require.Empty(t, reports[0].Evidence)
		require.Equal(t, map[string]string{"leader": "2 -> 3", "leader_epoch": "4 -> 5"}, reports[1].Evidence)
		require.Equal(t, map[string]string{"leader": "3", "leader_epoch": "5"}, reports[3].Evidence)
	})
}

func TestRunElectBit(t *testing.T) {
	refused := errors.New("eligible leaders are not available")
	tests := map[string]struct {
		spoil    func(*electing)
		want     bool
		evidence map[string]string
	}{
		"nobody moves": {func(e *electing) { e.delay = time.Hour }, false,
			map[string]string{"leader": "2", "leader_epoch": "4"}},
		"refused to the end": {func(e *electing) { e.refuse = func() error { return refused } }, false,
			map[string]string{"leader": "2", "leader_epoch": "4", "refused": refused.Error()}},
		"it led for a while": {func(e *electing) {
			e.later(2*time.Second, func() { e.roles.Leader, e.roles.LeaderEpoch = 2, 6 })
		}, true, map[string]string{"leader": "2", "leader_epoch": "4 -> 6"}},
		"nobody answers at the end": {func(e *electing) {
			e.later(2*time.Second, func() { e.fail["roles"] = errors.New("no broker answers") })
		}, false, map[string]string{"error": "no broker answers"}},
		"nobody answers at the beginning": {func(e *electing) {
			e.fail["roles"] = errors.New("no broker answers")
			e.later(3*time.Second, func() { delete(e.fail, "roles") })
		}, true, map[string]string{"leader": "3"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCluster(3)
				view := &electing{fakeCluster: c, roles: threeNodes}
				test.spoil(view)
				reports := play(t, c, view, schedule(t, 3, step(1, 1, 3, Fault{Kind: Elect, Target: Node(3)})))
				requireBit(t, reports, test.want)
				require.Equal(t, test.evidence, reports[1].Evidence)
			})
		})
	}
}

// A cluster that cannot decide yet is asked again, as one that does not know yet
// who has a role, and holds no other step up.
func TestRunElectWaitsUntilSomebodyMayLead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		view := &electing{fakeCluster: c, roles: threeNodes, refuse: func() error {
			if time.Since(c.start) < 1200*time.Millisecond {
				return errors.New("no controller")
			}
			return nil
		}}
		reports := play(t, c, view, schedule(t, 3,
			step(1, 1, 3, Fault{Kind: Elect, Target: Follower}),
			step(2, 1, 1, Fault{Kind: Pause, Target: Node(1)})))
		require.Equal(t, []string{"1s pause 1", "1.2s lead 3", "2s resume 1", "4s heal"}, c.did())
		requireBit(t, reports, true, true)
		require.NotContains(t, reports[3].Evidence, "refused")
	})
}
