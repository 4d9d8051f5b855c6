package invariant

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

func TestWhatReplicasMustHoldTogether(t *testing.T) {
	runPlanted(t, []planted{
		{"an ISR member lacks what is committed", ISRMemberShort, func(s *scene) {
			committed(s)
			s.write(0, 1, 2)
			s.seeAll(4)
			s.elect(1, 0, 1, 2) // without 3
			s.seeAll(6)
		}, func(s *scene) {
			s.elect(1, 0, 1, 2, 3)
			s.see(1, 6)
			s.write(0, 1, 2)
			s.seeAll(8)
		}},
		{"an ISR member loses what is committed", ISRMemberShort, committed, func(s *scene) {
			s.truncate(3, 2)
			s.see(3, 2)
		}},
		{"elected without the end of what is committed", LeaderIncomplete, func(s *scene) {
			committed(s)
			s.elect(2, 1, 1, 2, 3)
			s.seeAll(4)
			s.elect(1, 2, 1, 2)
			s.write(2, 1, 2)
			s.seeAll(4)
			s.seeAll(6)
		}, func(s *scene) {
			s.elect(3, 3, 3)
			s.see(3, 4)
		}},
		{"elected with another batch", LeaderIncomplete, func(s *scene) {
			committed(s)
			s.write(0, 1, 2)
			s.put(3, 4, 0, "xy")
			s.elect(1, 0, 1, 2)
			s.seeAll(4)
			s.see(2, 6)
			s.see(1, 6)
		}, func(s *scene) {
			s.elect(3, 1, 3)
			s.see(3, 4)
		}},
		{"a leader that is none any more may lack what came later", LeaderIncomplete, func(s *scene) {
			committed(s)
			s.elect(3, 1, 1, 2, 3)
			s.elect(1, 2, 1, 2)
			s.write(2, 1, 2)
			s.see(2, 4)
			s.see(1, 6)
			s.see(3, 4, func(l *look) { l.leads, l.state.LeaderEpoch = true, 1 }) // it hears only now
		}, func(s *scene) {
			s.elect(3, 3, 1, 2, 3)
			s.see(3, 4)
		}},
		{"a follower's batch is another", LogMismatch, func(s *scene) {
			committed(s)
			s.write(0, 1)
			s.put(2, 4, 0, "xy")
			s.put(3, 4, 0, "xy")
			s.seeAll(4) // not committed, and so nobody's business
			s.elect(1, 0, 1)
			s.see(1, 4, func(l *look) { l.minISR = 1 })
			s.see(1, 6, func(l *look) { l.minISR = 1 })
		}, func(s *scene) { s.see(2, 6) }},
		{"the controller has an ISR that the leader rules out", ISRBeyondMaximal, func(s *scene) {
			committed(s)
			s.elect(1, 0, 1, 2)
			s.see(1, 4, func(l *look) { l.maximal = ids(1, 2, 3) })
			s.elect(1, 0, 1, 2, 3) // its answer is on the way
			s.see(1, 4, func(l *look) { l.state.ISR, l.maximal = ids(1, 2), ids(1, 2, 3) })
		}, func(s *scene) {
			s.see(1, 4, func(l *look) { l.state.ISR, l.maximal = ids(1, 2), ids(1, 2) })
		}},
		{"two lead in one epoch", TwoLeaders, func(s *scene) {
			committed(s)
			s.elect(2, 1, 1, 2, 3)
			s.see(2, 4) // 1 has not heard of it, and leads on in epoch 0
			s.see(1, 4, func(l *look) { l.leads, l.state.LeaderEpoch, l.epoch.Epoch = true, 0, 0 })
		}, func(s *scene) {

			require.NoError(s.t, s.logs[3].AssignEpoch(1, 4))
			s.see(3, 4, func(l *look) { l.leads = true })

		}},
	})
}

func ids(list ...model.NodeID) []model.NodeID { return list }
