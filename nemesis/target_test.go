package nemesis

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestResolve(t *testing.T) {
	healthy := Roles{Leader: 2, LeaderEpoch: 4, ISR: []int{2, 3, 1}, Replicas: []int{1, 2, 3}, Controller: 3}
	alone := Roles{Leader: 2, ISR: []int{2}, Replicas: []int{1, 2, 3}}
	leaderless := Roles{ISR: []int{2}, Replicas: []int{1, 2, 3}}
	tests := []struct {
		target Target
		roles  Roles
		nodes  int
		pick   int
		want   []int
	}{
		{Leader, healthy, 3, 1, []int{2}},
		{Leader, leaderless, 3, 1, nil},
		{Controller, healthy, 3, 1, []int{3}},
		{Controller, alone, 3, 1, nil},
		{Follower, healthy, 3, 2, []int{3}},
		{Follower, healthy, 3, 3, []int{1}},
		{Follower, alone, 3, 1, nil},
		{Replica, healthy, 3, 2, []int{1}},
		{Replica, alone, 3, 2, []int{1}},
		{Replica, alone, 3, 3, []int{3}},
		{Replica, leaderless, 3, 4, []int{2}},
		{Followers, healthy, 3, 1, []int{1, 3}},
		{Followers, alone, 5, 1, []int{1, 3}},
		{Followers, leaderless, 3, 1, nil},
		{Laggard, Roles{Leader: 2, Laggards: []int{1, 3}}, 3, 2, []int{1}},
		{Laggard, Roles{Leader: 2, Laggards: []int{1, 3}}, 3, 3, []int{3}},
		{Laggard, healthy, 3, 1, nil},
		{LastISR, alone, 3, 1, []int{2}},
		{LastISR, leaderless, 3, 1, []int{2}},
		{LastISR, healthy, 3, 1, nil},
		{Majority, healthy, 3, 1, []int{2, 3}},
		{Majority, healthy, 5, 1, []int{2, 3, 4}},
		{Majority, leaderless, 3, 1, nil},
		{All, Roles{}, 3, 1, []int{1, 2, 3}},
		{Node(3), Roles{}, 3, 1, []int{3}},
	}
	for _, test := range tests {
		require.ElementsMatch(t, test.want, test.target.resolve(test.roles, test.nodes, test.pick),
			"%s of %+v", test.target, test.roles)
	}
}

func TestFallback(t *testing.T) {
	alone := Roles{Leader: 2, ISR: []int{2}, Replicas: []int{1, 2, 3}}
	tests := []struct {
		name   string
		target Target
		roles  Roles
		dead   []int
		want   []int
	}{
		{"an ISR member stands in for a dead leader", Leader, Roles{Leader: 2, ISR: []int{2, 3}}, []int{2}, []int{3}},
		{"anyone stands in where nothing is known", Leader, Roles{}, []int{1}, []int{2}},
		{"the leader stands in for an unknown controller", Controller, alone, nil, []int{2}},
		{"a replica stands in for an ISR follower", Follower, alone, []int{1}, []int{3}},
		{"a replica stands in for a laggard where no log can be looked into", Laggard, Roles{Leader: 2, Replicas: []int{1, 2}}, nil, []int{1}},
		{"anyone stands in for an unknown replica", Replica, Roles{Leader: 2}, nil, []int{1}},
		{"the leader stands in for the last of the ISR", LastISR, alone, nil, []int{2}},
		{"a majority of the living", Majority, Roles{ISR: []int{1, 3}}, []int{1}, []int{3, 1}},
		{"all are dead", Follower, alone, []int{1, 2, 3}, nil},
	}
	for _, test := range tests {
		alive := func(node int) bool { return len(without([]int{node}, test.dead)) == 1 }
		require.Equal(t, test.want, test.target.fallback(test.roles, 3, 2, alive), test.name)
	}
}
