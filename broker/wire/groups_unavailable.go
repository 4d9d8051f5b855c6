package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// The group keys answer COORDINATOR_NOT_AVAILABLE, each where its response has
// room for an error. They are served rather than left out because old clients
// infer what a broker can do from the ranges that it advertises: JoinGroup 0-1
// in particular must be among them (KAFKA-19444).
var (
	_ = register(Handler{Key: kmsg.OffsetCommit, Min: 2, Max: 9, Serve: offsetCommit})
	_ = register(Handler{Key: kmsg.OffsetFetch, Min: 1, Max: 9, Serve: offsetFetch})
	_ = register(Handler{Key: kmsg.JoinGroup, Min: 0, Max: 9, Serve: joinGroup})
	_ = register(Handler{Key: kmsg.Heartbeat, Min: 0, Max: 4, Serve: groupHeartbeat})
	_ = register(Handler{Key: kmsg.LeaveGroup, Min: 0, Max: 5, Serve: leaveGroup})
	_ = register(Handler{Key: kmsg.SyncGroup, Min: 0, Max: 5, Serve: syncGroup})
	_ = register(Handler{Key: kmsg.DescribeGroups, Min: 0, Max: 5, Serve: describeGroups})
	_ = register(Handler{Key: kmsg.ListGroups, Min: 0, Max: 5, Serve: listGroups})
)

const noGroups = int16(model.CoordinatorNotAvailable)

func offsetCommit(n Node, call *Call) {
	req := call.Request.(*kmsg.OffsetCommitRequest)
	resp := responseTo[*kmsg.OffsetCommitResponse](call)
	for _, topic := range req.Topics {
		t := kmsg.NewOffsetCommitResponseTopic()
		t.Topic = topic.Topic
		for _, partition := range topic.Partitions {
			p := kmsg.NewOffsetCommitResponseTopicPartition()
			p.Partition, p.ErrorCode = partition.Partition, noGroups
			t.Partitions = append(t.Partitions, p)
		}
		resp.Topics = append(resp.Topics, t)
	}
	n.Reply(call, resp)
}

// offsetFetch: v1 has room for an error per partition only, v2-v7 at the top,
// v8 per group (KIP-709).
func offsetFetch(n Node, call *Call) {
	req := call.Request.(*kmsg.OffsetFetchRequest)
	resp := responseTo[*kmsg.OffsetFetchResponse](call)
	resp.ErrorCode = noGroups
	for _, group := range req.Groups {
		g := kmsg.NewOffsetFetchResponseGroup()
		g.Group, g.ErrorCode = group.Group, noGroups
		resp.Groups = append(resp.Groups, g)
	}
	if req.Version < 2 {
		for _, topic := range req.Topics {
			t := kmsg.NewOffsetFetchResponseTopic()
			t.Topic = topic.Topic
			for _, partition := range topic.Partitions {
				p := kmsg.NewOffsetFetchResponseTopicPartition()
				p.Partition, p.Offset, p.ErrorCode = partition, int64(model.NoOffset), noGroups
				t.Partitions = append(t.Partitions, p)
			}
			resp.Topics = append(resp.Topics, t)
		}
	}
	n.Reply(call, resp)
}

func joinGroup(n Node, call *Call) {
	resp := responseTo[*kmsg.JoinGroupResponse](call)
	resp.MemberID = call.Request.(*kmsg.JoinGroupRequest).MemberID
	resp.ErrorCode = noGroups
	n.Reply(call, resp)
}

func groupHeartbeat(n Node, call *Call) {
	resp := responseTo[*kmsg.HeartbeatResponse](call)
	resp.ErrorCode = noGroups
	n.Reply(call, resp)
}

func leaveGroup(n Node, call *Call) {
	resp := responseTo[*kmsg.LeaveGroupResponse](call)
	resp.ErrorCode = noGroups
	n.Reply(call, resp)
}

func syncGroup(n Node, call *Call) {
	resp := responseTo[*kmsg.SyncGroupResponse](call)
	resp.ErrorCode = noGroups
	n.Reply(call, resp)
}

func describeGroups(n Node, call *Call) {
	resp := responseTo[*kmsg.DescribeGroupsResponse](call)
	for _, group := range call.Request.(*kmsg.DescribeGroupsRequest).Groups {
		g := kmsg.NewDescribeGroupsResponseGroup()
		g.Group, g.ErrorCode = group, noGroups
		resp.Groups = append(resp.Groups, g)
	}
	n.Reply(call, resp)
}

func listGroups(n Node, call *Call) {
	resp := responseTo[*kmsg.ListGroupsResponse](call)
	resp.ErrorCode = noGroups
	n.Reply(call, resp)
}
