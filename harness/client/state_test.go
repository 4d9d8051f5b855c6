package client

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/ackproof/ackproof/harness/timeline"
)

func seen(controller, leader int, epoch int32, isr ...int) view {
	return view{controller: controller, partitions: map[int32]PartitionState{
		0: {Leader: leader, LeaderEpoch: epoch, ISR: isr, Replicas: []int{1, 2, 3}},
	}}
}

// While brokers disagree, roles are those of the newest epoch: an isolated
// leader believes in itself for as long as it is isolated.
func TestRolesAreOfTheNewestView(t *testing.T) {
	tests := []struct {
		name       string
		views      []view
		leader     int
		isr        []int
		controller int
	}{
		{"all agree", []view{seen(3, 1, 4, 1, 2, 3), seen(3, 1, 4, 1, 2, 3)}, 1, []int{1, 2, 3}, 3},
		{"a deposed leader", []view{seen(1, 1, 4, 1, 2, 3), seen(3, 2, 5, 2, 3), seen(3, 2, 5, 2, 3)}, 2, []int{2, 3}, 3},
		{"one knows the newest epoch alone", []view{seen(3, 1, 4, 1, 2, 3), seen(3, 1, 4, 1, 2, 3), seen(3, 2, 5, 2, 3)}, 2, []int{2, 3}, 3},
		{"the ISR that most share", []view{seen(1, 1, 4, 1, 2, 3), seen(3, 1, 4, 1, 2), seen(3, 1, 4, 1, 2)}, 1, []int{1, 2}, 3},
		{"one is silent", []view{{err: errors.New("timeout")}, seen(2, 2, 5, 2, 3)}, 2, []int{2, 3}, 2},
		{"no leader", []view{seen(2, 0, 6, 1)}, 0, []int{1}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, controller, found := newest(tt.views, 0)
			require.True(t, found)
			require.Equal(t, tt.leader, p.Leader)
			require.Equal(t, tt.isr, p.ISR)
			require.Equal(t, tt.controller, controller)
		})
	}
	_, _, found := newest([]view{{err: errors.New("timeout")}}, 0)
	require.False(t, found)
}

// TestOnlyAMajorityAgrees: nobody is believed alone, whatever epoch it tells, and who is
// silent agrees with nobody.
func TestOnlyAMajorityAgrees(t *testing.T) {
	silent := view{err: errors.New("timeout")}
	old, now := seen(3, 1, 4, 1, 2, 3), seen(3, 1, 4, 1, 2)
	for _, views := range [][]view{{silent, silent, now}, {old, now, silent}, {old, now, seen(3, 2, 5, 2, 3)}, {now, now, old, old}, {seen(3, 1, 4), seen(3, 1, 4)}} {
		require.Empty(t, agreed(views, 1))
	}
	for _, views := range [][]view{{now}, {silent, now, now}, {old, now, now}, {now, seen(3, 2, 5, 2, 3), now}} {
		require.Equal(t, []PartitionState{now.partitions[0]}, agreed(views, 2))
	}
}

func TestProtocolNodesBecomeRoles(t *testing.T) {
	require.Equal(t, 0, nodeOf(-1))
	require.Equal(t, 3, nodeOf(3))
	require.Equal(t, []int{1, 2, 3}, nodesOf([]int32{3, 1, 2}))
}

func TestGivingUpTellsWhatWasSeenLast(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*adminEvery)
	defer cancel()
	tries := 0
	err := await(ctx, timeline.Live, "wait for it", func(ctx context.Context) error {
		if tries++; ctx.Err() != nil {
			return ctx.Err()
		}
		return kerr.NotController
	})
	require.ErrorIs(t, err, kerr.NotController)
	require.ErrorContains(t, err, "client: wait for it: gave up: ")
	require.Greater(t, tries, 1)

	tries = 0
	require.NoError(t, await(context.Background(), timeline.Live, "wait", func(context.Context) error {
		if tries++; tries < 3 {
			return kerr.NotController
		}
		return nil
	}))
	require.Equal(t, 3, tries)
}

func TestSettingsAreCheckedByName(t *testing.T) {
	tests := []struct {
		settings Settings
		want     string
	}{
		{Settings{Acks: "all"}, "client: bootstrap is empty, allowed is a list of host:port"},
		{Settings{Bootstrap: []string{"a:1"}, Acks: "2"}, `client: acks is "2", allowed are "all", "1", "0"`},
		{Settings{Bootstrap: []string{"a:1"}, Acks: "1", Idempotent: true}, "client: idempotent is true with acks=1, allowed is acks=all"},
	}
	for _, tt := range tests {
		_, err := NewDialer(tt.settings)
		require.EqualError(t, err, tt.want)
	}
}

// A client that answers nothing must not hold a run up: everything that is
// waited for has a limit.
func TestABrokerThatIsNotThereIsWaitedForWithinALimit(t *testing.T) {
	a, err := NewAdmin(Settings{Bootstrap: []string{"127.0.0.1:1"}, Name: "test"})
	require.NoError(t, err)
	defer a.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err = View{Admin: a, Topic: "log"}.Roles(ctx)
	require.EqualError(t, err, "client: roles of log-0: no broker answered")
	require.ErrorContains(t, a.AwaitWhole(ctx, Topic{Name: "log", Partitions: 1, ReplicationFactor: 1}), "gave up: node 1: ")
	require.Error(t, a.CreateTopic(ctx, Topic{Name: "log", Partitions: 1, ReplicationFactor: 1}))
}
