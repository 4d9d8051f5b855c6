package invariant

import (
	"testing"

	"github.com/stretchr/testify/require"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// says lets node 1 send a message of the quorum to a Raft id.
func (s *scene) says(kind pb.MessageType, term, to uint64) {
	payload, err := proto.Marshal(&pb.Message{Type: &kind, Term: &term, To: &to, From: new(uint64(1))})
	require.NoError(s.t, err)
	s.SentRaft(1, payload)
}

func TestAVoterKeepsItsWord(t *testing.T) {
	s := newScene(t, Options{})
	s.says(pb.MsgVoteResp, 4, 2)
	s.says(pb.MsgVoteResp, 4, 2)
	s.says(pb.MsgPreVote, 5, 3)
	s.says(pb.MsgAppResp, 4, 2)
	s.says(pb.MsgVoteResp, 5, 3)
	s.says(pb.MsgVote, 6, 2)
	s.says(pb.MsgVote, 6, 3)
	require.Empty(t, s.Problems())
}

func TestAVoterThatForgetsItsTerm(t *testing.T) {
	s := newScene(t, Options{})
	s.says(pb.MsgAppResp, 4, 2)
	s.says(pb.MsgAppResp, 3, 2)
	require.Empty(t, s.Problems(), "one is overtaken by the other")
	s.Watch.node(1).begin(2)
	s.says(pb.MsgAppResp, 3, 2)
	require.Equal(t, []Problem{{TermForgotten, "node 1: it says term 3 and has said 4 before it ended"}}, s.Problems())
}

func TestAVoterThatVotesTwice(t *testing.T) {
	for name, first := range map[string]pb.MessageType{"for two others": pb.MsgVoteResp, "for itself and another": pb.MsgVote} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, Options{})
			s.says(first, 4, 2)
			s.says(pb.MsgVoteResp, 4, 3)
			require.Equal(t, []Problem{{TwoVotes, "node 1: in term 4 it votes for one, and has voted for another"}}, s.Problems())
		})
	}
}
