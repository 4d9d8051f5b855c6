package invariant

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// TestWhatMayBeLostIsForgiven shows that losses by power and wiped disks are
// blamed on nobody where nothing was promised, and only there.
func TestWhatMayBeLostIsForgiven(t *testing.T) {
	lose := func(s *scene) {
		s.reboot(3)
		s.truncate(3, 2)
		s.see(3, 2)
	}
	for _, row := range []struct {
		name    string
		options Options
		before  func(*scene)
		class   Class
	}{
		{"power, no flush", Options{}, func(s *scene) { s.Crashed(3) }, ""},
		{"power of another", Options{}, func(s *scene) { s.elect(1, 0, 1, 3); s.see(1, 4); s.Crashed(2) }, TruncatedBelowWatermark},
		{"power, out of the ISR", Options{}, func(s *scene) { s.elect(1, 0, 1, 2); s.seeAll(4); s.Crashed(3) }, ""},
		{"power, flushed", Options{Flushes: true}, func(s *scene) { flush(s, 3); s.see(3, 4); s.Crashed(3) }, TruncatedBelowWatermark},
		{"power, not flushed yet", Options{Flushes: true}, func(s *scene) { s.elect(1, 0, 1, 2); s.Crashed(3) }, ""},
		{"wiped", Options{Flushes: true}, func(s *scene) { s.Wiped(3) }, ""},
		{"kill", Options{}, func(*scene) {}, TruncatedBelowWatermark},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newScene(t, row.options)
			if row.options.Flushes {
				s.write(0, 1, 2, 3)
				s.write(0, 1, 2, 3)
				flush(s, 1)
				flush(s, 2)
				s.elect(1, 0, 1, 2)
				s.see(3, 4)
				s.see(2, 4)
				s.see(1, 4)
			} else {
				committed(s)
			}
			row.before(s)
			require.Empty(t, s.Problems())
			lose(s)
			if row.class == "" {
				require.Empty(t, s.Problems())
			} else {
				require.Contains(t, s.classes(), row.class)
			}
		})
	}
}

func flush(s *scene, id model.NodeID) {
	ticket := s.logs[id].Flush()
	require.NoError(s.t, ticket.Sync(s.disks[id]))
	s.logs[id].Flushed(ticket)
}

// register gives a broker a new life in the metadata.
func (s *scene) register(id model.NodeID) {
	s.image.Brokers[id] = &controller.Broker{ID: id, Epoch: s.image.Brokers[id].Epoch + 1}
	s.decide()
}

// TestTheLastOneStandingMayHaveLost: it is elected with what it has left.
func TestTheLastOneStandingMayHaveLost(t *testing.T) {
	s := newScene(t, Options{})
	committed(s)
	s.elect(3, 1, 3)
	s.see(3, 4)
	s.Crashed(3)
	s.truncate(3, 0)
	s.elect(model.NoNode, 2, 3)
	s.register(3)
	s.elect(3, 3, 3)
	s.see(3, 0)
	s.truncate(1, 0)
	s.see(1, 0)
	require.Empty(t, s.Problems())
}

// TestWhoLostHasToCatchUp: it may stay in an ISR until it registers anew, and
// comes back into one with all that is committed.
func TestWhoLostHasToCatchUp(t *testing.T) {
	lost := func(s *scene) {
		committed(s)
		s.Crashed(3)
		s.truncate(3, 0)
		s.reboot(3)
		s.write(0, 1, 2)
		s.seeAll(4)
	}
	runPlanted(t, []planted{
		{"registered anew and in the ISR all the time", ISRMemberShort, lost, func(s *scene) { s.register(3) }},
		{"back too early", ISRMemberShort, func(s *scene) {
			lost(s)
			s.elect(1, 0, 1, 2)
			s.seeAll(6)
			s.register(3)
			s.write(0, 3, 3)
			s.seeAll(6)
		}, func(s *scene) { s.elect(1, 0, 1, 2, 3) }},
		{"back, by a proposal for its life before", ISRMemberShort, func(s *scene) {
			lost(s)
			s.elect(1, 0, 1, 2)
			s.elect(1, 0, 1, 2, 3)
			s.seeAll(6)
			s.elect(1, 0, 1, 2)
			s.register(3)
		}, func(s *scene) { s.elect(1, 0, 1, 2, 3) }},
	})
}

func TestWhatFollowsAnUncleanElectionIsForgiven(t *testing.T) {
	s := newScene(t, Options{})
	s.image.Topics["t"].Config = map[string]string{"unclean.leader.election.enable": "true"}
	committed(s)
	s.word.Recovering = true
	s.truncate(3, 0)
	s.elect(3, 1, 3)
	s.see(3, 0)
	s.put(3, 0, 1, "xy")
	s.see(3, 2, func(l *look) { l.minISR = 1 })
	s.truncate(2, 0)
	s.see(2, 0)
	require.Empty(t, s.Problems())
}
