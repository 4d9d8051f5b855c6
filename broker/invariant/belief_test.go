package invariant

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

// TestALeaderMustNotOverrateItsFollowers: node 2 holds two records.
func TestALeaderMustNotOverrateItsFollowers(t *testing.T) {
	for _, row := range []struct {
		name     string
		believed model.Offset
		isr      []model.NodeID
		wiped    bool
		want     []Class
	}{
		{"it knows", 2, []model.NodeID{1, 2, 3}, false, nil},
		{"it lags behind", 1, []model.NodeID{1, 2, 3}, false, nil},
		{"it believes too much", 3, []model.NodeID{1, 2, 3}, false, []Class{FollowerOverrated}},
		{"but not of one that could be elected", 3, []model.NodeID{1, 3}, false, nil},
		{"but of one that has lost its disk", 3, []model.NodeID{1, 2, 3}, true, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newScene(t, Options{})
			s.write(0, 1, 2, 3)
			s.seeAll(0)
			s.elect(1, 1, row.isr...)
			if row.wiped {
				s.Wiped(2)
			}
			s.see(1, 0, func(l *look) { l.followers = beliefs{2: row.believed} })
			require.Equal(t, row.want, s.classes())
		})
	}
}

// TestAFollowerThatCutsItsLogIsOverrated from then on.
func TestAFollowerThatCutsItsLogIsOverrated(t *testing.T) {
	s := newScene(t, Options{})
	s.write(0, 1, 2, 3)
	s.seeAll(0)
	s.see(1, 0, func(l *look) { l.followers = beliefs{2: 2} })
	s.truncate(2, 0)
	s.see(2, 0)
	require.Equal(t, []Class{FollowerOverrated}, s.classes())
}
