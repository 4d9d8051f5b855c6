package nemesis

import (
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestDirectedSchedules(t *testing.T) {
	require.Equal(t, []string{"acks0-loss", "acks1-loss", "clock-sessions", "min-isr1-loss", "unclean-loss", "under-min-isr"}, DirectedNames())
	for _, name := range DirectedNames() {
		s, err := Directed(name)
		require.NoError(t, err)
		require.NoError(t, s.Validate(), name)
		require.Equal(t, name, s.Name)
		require.LessOrEqual(t, s.Length, Millis(10000), "%s: the suite has little time", name)

		path := filepath.Join(t.TempDir(), "schedule.json")
		require.NoError(t, s.Save(path))
		loaded, err := Load(path)
		require.NoError(t, err)
		require.Equal(t, s, loaded)

		s.Steps[0].At = 1
		again, err := Directed(name)
		require.NoError(t, err)
		require.Equal(t, loaded, again, "%s: a caller's change stays the caller's", name)
	}
}

func TestDirectedRefusesAnUnknownName(t *testing.T) {
	_, err := Directed("luck")
	require.EqualError(t, err, `directed schedule "luck": allowed are acks0-loss, acks1-loss, clock-sessions, min-isr1-loss, unclean-loss, under-min-isr`)
}

// Both followers are dead at the same time, whoever leads, and the leader never is.
func TestUnderMinISRLeavesTheLeaderAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Directed("under-min-isr")
		require.NoError(t, err)
		c := newFakeCluster(s.Nodes)
		play(t, c, steady(Roles{Leader: 2, LeaderEpoch: 1, ISR: []int{1, 2, 3}, Replicas: []int{1, 2, 3}, Controller: 5}), s)
		require.Equal(t, []string{
			"1.5s kill 3", "4s kill 1", "8s restart 3", "8s restart 1", "8s heal",
		}, c.did())
	})
}
