package controller

import (
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/ackproof/ackproof/broker/model"
	"github.com/ackproof/ackproof/broker/mutant"
)

// ErrLogLost says that this node once acknowledged entries which it no longer
// has. It must not vote again: what it forgot may have been committed by it.
var ErrLogLost = errors.New("quorum log was lost")

const (
	electionTicks  = 10
	maxMessageSize = 1 << 20
	maxInflight    = 256
)

func newRaft(cfg *Config, found *recovered) (*raft.RawNode, error) {
	return raft.NewRawNode(&raft.Config{
		ID:              raftID(cfg.Self),
		ElectionTick:    electionTicks,
		HeartbeatTick:   1,
		Storage:         found.memory,
		Applied:         found.snapshot,
		MaxSizePerMsg:   maxMessageSize,
		MaxInflightMsgs: maxInflight,
		// PreVote keeps a node that comes back from forcing an election,
		// CheckQuorum ends a leader that is cut off (KAFKA-15489).
		PreVote:        true,
		CheckQuorum:    !cfg.Mutants.Has(mutant.NoCheckQuorum),
		ReadOnlyOption: raft.ReadOnlySafe,
		// Only the active controller proposes: it alone can match answers.
		DisableProposalForwarding: true,
		StepDownOnRemoval:         true,
		Logger:                    silent{},
	})
}

// raftID shifts ids by one, since Raft means "nobody" by 0.
func raftID(id model.NodeID) uint64 { return uint64(id) + 1 }

func nodeID(id uint64) model.NodeID { return model.NodeID(id) - 1 }

func nodeIDs(ids []uint64) []model.NodeID {
	nodes := make([]model.NodeID, len(ids))
	for i, id := range ids {
		nodes[i] = nodeID(id)
	}
	return nodes
}

// fromPeer is what nodes say to each other. Proposals are not among it, nor what
// Raft says to itself.
var fromPeer = []pb.MessageType{
	pb.MsgApp, pb.MsgAppResp, pb.MsgVote, pb.MsgVoteResp, pb.MsgSnap, pb.MsgHeartbeat, pb.MsgHeartbeatResp,
	pb.MsgTimeoutNow, pb.MsgPreVote, pb.MsgPreVoteResp,
}

func (c *Controller) decodeMessage(payload []byte) (*pb.Message, error) {
	m := &pb.Message{}
	if err := proto.Unmarshal(payload, m); err != nil {
		return nil, err
	}
	from := nodeID(m.GetFrom())
	switch {
	case !slices.Contains(fromPeer, m.GetType()):
		return nil, fmt.Errorf("message type %s: allowed are those between nodes", m.GetType())
	case from == c.cfg.Self || !slices.Contains(c.cfg.Voters, from):
		return nil, fmt.Errorf("message from node %d: allowed are the other voters of %v", from, c.cfg.Voters)
	case m.GetTo() != raftID(c.cfg.Self):
		return nil, fmt.Errorf("message to node %d: this is node %d", nodeID(m.GetTo()), c.cfg.Self)
	}
	return m, nil
}

// checkLogIntact catches a wiped disk: a leader's heartbeat commits only what
// this node has acknowledged to it as durable, and a follower holds nothing of a
// leader's log that the leader itself does not. Raft would panic at the one, and
// answer the other with a flood of snapshots.
func (c *Controller) checkLogIntact(m *pb.Message) error {
	if m.GetTerm() < c.node.BasicStatus().GetTerm() {
		return nil
	}
	had := uint64(0)
	switch {
	case m.GetType() == pb.MsgHeartbeat:
		had = m.GetCommit()
	case m.GetType() == pb.MsgAppResp && !m.GetReject():
		had = m.GetIndex()
	}
	if last := c.lastIndex(); had > last {
		return fmt.Errorf("%w: node %d is known to have had entry %d, but %s ends at %d",
			ErrLogLost, c.cfg.Self, had, c.cfg.Dir, last)
	}
	return nil
}

// lastIndex is the end of the log, the part included that is being synced.
func (c *Controller) lastIndex() uint64 {
	last, err := c.memory.LastIndex()
	if err != nil {
		panic(fmt.Sprintf("controller: last index of a memory log: %v", err))
	}
	return last
}

// office is what this node knows of its own leadership.
type office struct {
	// term in which this node leads; 0 while it does not.
	term uint64
	// proposed and active say how far the barrier is that opens the office:
	// in the log, applied.
	proposed, active bool
}

// checkOffice follows Raft's leadership. It must run after every step of Raft's
// and before anything is proposed.
func (c *Controller) checkOffice() {
	status := c.node.BasicStatus()
	leading := status.RaftState == raft.StateLeader
	if c.office.term != 0 && (!leading || c.office.term != status.GetTerm()) {
		c.office = office{}
		c.proposals.abandon()
		if !c.cfg.Mutants.Has(mutant.SessionsKept) {
			c.sessions.clear()
		}
	}
	if !leading {
		return
	}
	c.office.term = status.GetTerm()
	if !c.office.proposed {
		barrier := Command{Activate: &Activate{Node: c.cfg.Self, Term: c.office.term, StaticConfig: c.cfg.Defaults}}
		c.office.proposed = c.node.Propose(encodeEntry(entry{Command: barrier})) == nil
		if c.office.proposed && c.cfg.Mutants.Has(mutant.ServeBeforeBarrier) {
			c.takeOffice()
		}
	}
}

// takeOffice makes this node the active controller: its barrier is applied.
func (c *Controller) takeOffice() {
	c.office.active = true
	c.openSessions()
	c.nextBalance = c.now + c.cfg.RebalanceInterval
}
