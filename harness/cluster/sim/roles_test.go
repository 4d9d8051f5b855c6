package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/client"
	"github.com/ackproof/ackproof/nemesis"
)

// asking is a client's view.
func (c *Cluster) asking(t *testing.T) client.View {
	admin, err := c.Clients().Admin(client.Settings{})
	require.NoError(t, err)
	return client.View{Admin: admin, Topic: topic}
}

func (c *Cluster) looking(t *testing.T) nemesis.View { return c.View(c.asking(t)) }

// TestLookingForRolesTakesNoTime, whoever does not answer, and shows what clients
// see once they have asked.
func TestLookingForRolesTakesNoTime(t *testing.T) {
	running(t, options(3, 1), func(c *Cluster) {
		view := c.looking(t)
		asked, err := c.asking(t).Roles(background)
		require.NoError(t, err)
		before := c.now
		looked, err := view.Roles(background)
		require.NoError(t, err)
		require.Len(t, looked.Laggards, 2, "no client can ask for them")
		looked.Laggards = nil
		require.Equal(t, asked, looked)

		require.NoError(t, c.Pause(background, 1))
		require.NoError(t, c.Kill(background, 2))
		_, err = view.Roles(background)
		require.NoError(t, err)
		require.Equal(t, before, c.now)
	})
}

// TestRolesAreThoseOfTheNewestMetadata: a leader that was cut off still takes
// itself for one.
func TestRolesAreThoseOfTheNewestMetadata(t *testing.T) {
	running(t, options(3, 1), func(c *Cluster) {
		view := c.looking(t)
		before, err := view.Roles(background)
		require.NoError(t, err)
		for node := range 3 {
			if node+1 == before.Leader {
				continue
			}
			for _, cut := range []nemesis.Link{
				{From: nemesis.Endpoint(before.Leader), To: nemesis.Endpoint(node + 1)},
				{From: nemesis.Endpoint(node + 1), To: nemesis.Endpoint(before.Leader)},
			} {
				c.net.link(cut.From, cut.To).Cut = true
			}
		}
		c.Sleep(background, 10*time.Second)
		after, err := view.Roles(background)
		require.NoError(t, err)
		require.NotEqual(t, before.Leader, after.Leader)
		require.Greater(t, after.LeaderEpoch, before.LeaderEpoch)
		require.NotContains(t, after.ISR, before.Leader)
	})
}

func TestRolesThatNobodyKnows(t *testing.T) {
	running(t, options(3, 1), func(c *Cluster) {
		other := c.asking(t)
		other.Topic = "other"
		_, err := c.View(other).Roles(background)
		require.ErrorContains(t, err, "does not know other-0")

		for node := range 3 {
			require.NoError(t, c.Kill(background, node+1))
		}
		_, err = c.looking(t).Roles(background)
		require.ErrorContains(t, err, "no broker is running")
		require.ErrorContains(t, c.looking(t).Lead(background, 1), "no broker is running")
	})
}

// TestALeaderIsAskedFor, and not if nobody could decide.
func TestALeaderIsAskedFor(t *testing.T) {
	running(t, options(3, 1), func(c *Cluster) {
		view := c.looking(t)
		before, err := view.Roles(background)
		require.NoError(t, err)
		next := before.Leader%3 + 1
		require.NoError(t, view.Lead(background, next))
		c.Sleep(background, time.Second)
		after, err := view.Roles(background)
		require.NoError(t, err)
		require.Equal(t, next, after.Leader)

		left := next%3 + 1
		for node := range 3 {
			if node+1 != left {
				require.NoError(t, c.Kill(background, node+1))
			}
		}
		c.Sleep(background, 10*time.Second) // until the last one no longer takes anybody for the controller
		since := c.now
		require.ErrorContains(t, view.Lead(background, left), "no controller is known")
		require.Equal(t, since, c.now)
	})
}

// TestALaggardMissesMost: the longer log is no laggard's, and neither is one that is
// dead.
func TestALaggardMissesMost(t *testing.T) {
	running(t, options(3, 1), func(c *Cluster) {
		view := c.looking(t)
		laggards := func() []int {
			roles, err := view.Roles(background)
			require.NoError(t, err)
			return roles.Laggards
		}
		roles, err := view.Roles(background)
		require.NoError(t, err)
		all := laggards()
		require.Len(t, all, 2)
		require.NotContains(t, all, roles.Leader)

		leader, late := nemesis.Endpoint(roles.Leader), nemesis.Endpoint(all[1])
		require.NoError(t, c.SetLinks(background, nemesis.Links{
			{From: leader, To: late}: {Cut: true}, {From: late, To: leader}: {Cut: true},
		}))
		c.send(t, c.producer(t, leaderAlone), 1)
		c.Sleep(background, time.Second)
		require.Equal(t, all[1:], laggards())

		require.NoError(t, c.Kill(background, all[1]))
		require.Equal(t, all[:1], laggards())
	})
}
