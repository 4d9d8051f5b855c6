package nemesis

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAHandAppliesAndHeals(t *testing.T) {
	c := newFakeCluster(3)
	h := NewHand(c, steady(threeNodes))
	require.Empty(t, h.List())

	begun, err := h.Apply(t.Context(), Fault{Kind: Kill, Target: Leader})
	require.NoError(t, err)
	require.Equal(t, "kill leader (2)", begun.Describe)
	require.Equal(t, map[string]string{"state": "2: running -> dead"}, begun.Evidence)
	_, err = h.Apply(t.Context(), Fault{Kind: SkewClock, Target: Node(1), Clock: Clock{Offset: hour}})
	require.NoError(t, err)
	_, err = h.Apply(t.Context(), Fault{Kind: Partition, Shape: Isolate, Target: Node(3)})
	require.NoError(t, err)

	list := h.List()
	require.Len(t, list, 3)
	require.Equal(t, begun, list[0])
	require.Equal(t, "clock +1h0m0s of node:1 (1)", list[1].Describe)

	healed, err := h.Heal(t.Context(), 2)
	require.NoError(t, err)
	require.Len(t, healed, 1)
	require.True(t, *healed[0].Bit)
	require.Equal(t, "1: +1h0m0s", healed[0].Evidence["clock"])

	healed, err = h.Heal(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, healed, 2)
	require.Empty(t, h.List())
	state, err := c.Running(2)
	require.NoError(t, err)
	require.Equal(t, StateRunning, state)

	healed, err = h.Heal(t.Context(), 0)
	require.NoError(t, err)
	require.Empty(t, healed)
	begun, err = h.Apply(t.Context(), Fault{Kind: Pause, Target: All})
	require.NoError(t, err)
	require.Equal(t, 4, begun.Step, "a step's number is its own for good")
}

// A leader that has just died is followed by another: who asks for the leader means
// that one. Meanwhile the hand does what else it is asked.
func TestAHandWaitsForARole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(3)
		began, roles := time.Now(), threeNodes
		h := NewHand(c, viewFunc(func() (Roles, error) {
			if time.Since(began) >= 3*time.Second {
				roles.Leader = 1
			}
			return roles, nil
		}))
		_, err := h.Apply(t.Context(), Fault{Kind: Kill, Target: Leader})
		require.NoError(t, err)
		time.AfterFunc(time.Second, func() {
			_, err := h.Apply(t.Context(), Fault{Kind: Pause, Target: Node(3)})
			require.NoError(t, err)
		})
		begun, err := h.Apply(t.Context(), Fault{Kind: Partition, Shape: Isolate, Target: Leader})
		require.NoError(t, err)
		require.Equal(t, "isolate leader (1)", begun.Describe)
		require.Equal(t, 3, begun.Step, "waiting takes no numbers")
		require.Equal(t, []string{"0s kill 2", "1s pause 3", "3s links 4 cut"}, c.did())

		_, err = h.Apply(t.Context(), Fault{Kind: Pause, Target: Node(2)})
		require.EqualError(t, err, `apply: target "node:2": it is dead, allowed is one that is alive`)
		require.Equal(t, 3*time.Second, time.Since(began), "no other node will be that one")

		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("hung up"))
		defer cancel()
		_, err = h.Apply(ctx, Fault{Kind: Kill, Target: LastISR})
		require.EqualError(t, err, "apply kill last-isr: hung up")
	})
}

func TestAHandRefuses(t *testing.T) { synctest.Test(t, testAHandRefuses) }

func testAHandRefuses(t *testing.T) {
	c := newFakeCluster(3)
	h := NewHand(c, steady(Roles{}))
	_, err := h.Apply(t.Context(), Fault{Kind: Kill, Target: Node(9)})
	var refused *RefusedError
	require.ErrorAs(t, err, &refused)
	require.EqualError(t, err, `apply: fault: target "node:9": allowed nodes are node:1 to node:3`)
	_, err = h.Apply(t.Context(), Fault{Kind: Kill, Target: Leader})
	require.EqualError(t, err, `apply: target "leader": nobody alive has that role, for 10s`)
	_, err = NewHand(c, steady(threeNodes)).Apply(t.Context(), Fault{Kind: Elect, Target: Follower})
	require.EqualError(t, err, `apply: target "follower": not electable, for 10s`)
	_, err = h.Heal(t.Context(), 7)
	require.EqualError(t, err, "heal: step 7: it is not in force, allowed are 0")

	c.fail["pause"] = errors.New("no such signal")
	_, err = h.Apply(t.Context(), Fault{Kind: Pause, Target: Node(1)})
	require.EqualError(t, err, "apply pause node:1: no such signal")
	require.NotErrorAs(t, err, &refused, "it was tried")
	require.Empty(t, h.List(), "what failed is not left in force")
}
