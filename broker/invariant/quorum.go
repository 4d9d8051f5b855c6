package invariant

import (
	"fmt"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/ackproof/ackproof/broker/model"
)

// voter is what a member of the metadata quorum has said, in all of its lives: it
// must not forget that when it ends, however it does (Raft, figure 2: persistent
// state).
type voter struct {
	// term is the last one that it has spoken in, and before that of its earlier
	// lives: what it sends in one life may be told in another order.
	term, before uint64
	votes        map[uint64]uint64 // by term, the Raft id that got it
}

// SentRaft looks at a message of the metadata quorum that a broker sends.
func (w *Watch) SentRaft(from model.NodeID, payload []byte) {
	if w.over() {
		return
	}
	m := &pb.Message{}
	if err := proto.Unmarshal(payload, m); err != nil {
		panic(fmt.Sprintf("invariant: node %d sends what is no message of Raft: %v", from, err))
	}
	n := w.node(from)
	switch m.GetType() {
	case pb.MsgPreVote, pb.MsgPreVoteResp:
		return // of a term that nobody may ever be in
	case pb.MsgVote:
		w.checkVote(n, m.GetTerm(), m.GetFrom()) // a candidate has voted for itself
	case pb.MsgVoteResp:
		if !m.GetReject() {
			w.checkVote(n, m.GetTerm(), m.GetTo())
		}
	}
	if m.GetTerm() < n.voter.before {
		w.fault(TermForgotten, "node %d: it says term %d and has said %d before it ended", from, m.GetTerm(), n.voter.before)
	}
	n.voter.term = max(n.voter.term, m.GetTerm())
}

func (w *Watch) checkVote(n *node, term, to uint64) {
	if other, voted := n.voter.votes[term]; voted && other != to {
		w.fault(TwoVotes, "node %d: in term %d it votes for one, and has voted for another", n.id, term)
	}
	if n.voter.votes == nil {
		n.voter.votes = map[uint64]uint64{}
	}
	n.voter.votes[term] = to
}
