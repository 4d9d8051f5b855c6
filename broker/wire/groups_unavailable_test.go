package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestGroupKeysAreUnavailableAtTheTop(t *testing.T) {
	for _, tc := range []struct {
		req  kmsg.Request
		code func(kmsg.Response) int16
	}{
		{kmsg.NewPtrJoinGroupRequest(), func(r kmsg.Response) int16 { return r.(*kmsg.JoinGroupResponse).ErrorCode }},
		{kmsg.NewPtrHeartbeatRequest(), func(r kmsg.Response) int16 { return r.(*kmsg.HeartbeatResponse).ErrorCode }},
		{kmsg.NewPtrLeaveGroupRequest(), func(r kmsg.Response) int16 { return r.(*kmsg.LeaveGroupResponse).ErrorCode }},
		{kmsg.NewPtrSyncGroupRequest(), func(r kmsg.Response) int16 { return r.(*kmsg.SyncGroupResponse).ErrorCode }},
		{kmsg.NewPtrListGroupsRequest(), func(r kmsg.Response) int16 { return r.(*kmsg.ListGroupsResponse).ErrorCode }},
	} {
		key := kmsg.Key(tc.req.Key())
		t.Run(key.Name(), func(t *testing.T) {
			for version := handlers[key].Min; version <= handlers[key].Max; version++ {
				resp := ask[kmsg.Response](t, newNode(t), outside, version, tc.req)
				require.Equal(t, noGroups, tc.code(resp), "v%d", version)
			}
		})
	}
}

func TestOffsetCommitIsUnavailablePerPartition(t *testing.T) {
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Topics = []kmsg.OffsetCommitRequestTopic{{
		Topic:      "logs",
		Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Partition: 3}, {Partition: 5}},
	}}
	resp := ask[*kmsg.OffsetCommitResponse](t, newNode(t), outside, 8, req)
	require.Equal(t, "logs", resp.Topics[0].Topic)
	require.Len(t, resp.Topics[0].Partitions, 2)
	require.EqualValues(t, 5, resp.Topics[0].Partitions[1].Partition)
	require.Equal(t, noGroups, resp.Topics[0].Partitions[1].ErrorCode)
}

func TestOffsetFetchIsUnavailable(t *testing.T) {
	for _, tc := range []struct {
		name    string
		version int16
		code    func(*kmsg.OffsetFetchResponse) int16
	}{
		{"per partition in v1", 1, func(r *kmsg.OffsetFetchResponse) int16 { return r.Topics[0].Partitions[0].ErrorCode }},
		{"at the top from v2", 2, func(r *kmsg.OffsetFetchResponse) int16 { return r.ErrorCode }},
		{"at the top until v7", 7, func(r *kmsg.OffsetFetchResponse) int16 { return r.ErrorCode }},
		{"per group from v8", 8, func(r *kmsg.OffsetFetchResponse) int16 { return r.Groups[0].ErrorCode }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := kmsg.NewPtrOffsetFetchRequest()
			req.Topics = []kmsg.OffsetFetchRequestTopic{{Topic: "logs", Partitions: []int32{0}}}
			req.Groups = []kmsg.OffsetFetchRequestGroup{{Group: "readers", MemberEpoch: -1}}
			require.Equal(t, noGroups, tc.code(ask[*kmsg.OffsetFetchResponse](t, newNode(t), outside, tc.version, req)))
		})
	}
}

func TestDescribeGroupsIsUnavailablePerGroup(t *testing.T) {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{"a", "b"}
	resp := ask[*kmsg.DescribeGroupsResponse](t, newNode(t), outside, 5, req)
	require.Len(t, resp.Groups, 2)
	require.Equal(t, "b", resp.Groups[1].Group)
	require.Equal(t, noGroups, resp.Groups[1].ErrorCode)
}
