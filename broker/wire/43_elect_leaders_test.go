package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// unbalanced has three partitions: 0 is led by 2 though 1 is preferred, 1 is led
// by its preferred replica, 2 has no leader.
func unbalanced(t *testing.T) *fakeNode {
	n := newNode(t)
	n.topic(t, "logs", []model.NodeID{1, 2}, []model.NodeID{2, 1}, []model.NodeID{3, 1})
	// Broker 1 leaves the ISRs and comes back as a live replica; broker 3
	// leaves as the last ISR member of partition 2.
	n.change(t, 1, controller.Fence)
	n.change(t, 1, controller.Unfence)
	n.change(t, 3, controller.Fence)
	return n
}

// join puts broker 1 back into the ISR of a partition.
func join(t *testing.T, n *fakeNode, partition int32) {
	t.Helper()
	topic := n.image.Topics["logs"]
	p := topic.Partitions[partition]
	n.must(t, controller.Command{AlterPartition: &controller.AlterPartition{
		TopicID: topic.ID, Partition: partition, Leader: p.Leader, BrokerEpoch: n.image.Brokers[p.Leader].Epoch,
		LeaderEpoch: p.LeaderEpoch, PartitionEpoch: p.PartitionEpoch,
		ISR: []controller.ISRMember{
			{ID: p.Leader, Epoch: n.image.Brokers[p.Leader].Epoch},
			{ID: 1, Epoch: n.image.Brokers[1].Epoch},
		},
	}})
}

func askElect(t *testing.T, n *fakeNode, version int16, kind int8, topics ...kmsg.ElectLeadersRequestTopic) *kmsg.ElectLeadersResponse {
	t.Helper()
	req := kmsg.NewPtrElectLeadersRequest()
	req.ElectionType, req.Topics = kind, topics
	return ask[*kmsg.ElectLeadersResponse](t, n, outside, version, req)
}

func partitionsOf(topic string, partitions ...int32) kmsg.ElectLeadersRequestTopic {
	return kmsg.ElectLeadersRequestTopic{Topic: topic, Partitions: partitions}
}

func TestElectLeadersPerPartition(t *testing.T) {
	for _, tc := range []struct {
		name      string
		kind      int8
		topic     string
		partition int32
		code      model.ErrorCode
		leader    model.NodeID
	}{
		{"preferred, not in the ISR", 0, "logs", 0, model.PreferredLeaderNotAvailable, 2},
		{"preferred, leads already", 0, "logs", 1, model.ElectionNotNeeded, 2},
		{"preferred, fenced", 0, "logs", 2, model.PreferredLeaderNotAvailable, model.NoNode},
		{"unclean, has a leader", 1, "logs", 0, model.ElectionNotNeeded, 2},
		{"unclean, leaderless", 1, "logs", 2, model.None, 1},
		{"an unknown partition", 0, "logs", 9, model.UnknownTopicOrPartition, model.NoNode},
		{"an unknown topic", 1, "other", 0, model.UnknownTopicOrPartition, model.NoNode},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := unbalanced(t)
			resp := askElect(t, n, 2, tc.kind, partitionsOf(tc.topic, tc.partition))
			require.Zero(t, resp.ErrorCode)
			require.Len(t, resp.Topics, 1)
			require.Equal(t, tc.topic, resp.Topics[0].Topic)
			result := resp.Topics[0].Partitions[0]
			require.Equal(t, tc.partition, result.Partition)
			require.EqualValues(t, tc.code, result.ErrorCode, message(result.ErrorMessage))
			if _, p := n.image.Lookup(model.TopicPartition{Topic: tc.topic, Partition: tc.partition}); p != nil {
				require.Equal(t, tc.leader, p.Leader)
			}
		})
	}
}

func TestElectLeadersPreferred(t *testing.T) {
	n := unbalanced(t)
	join(t, n, 0)
	resp := askElect(t, n, 0, 0, partitionsOf("logs", 0))
	require.Zero(t, resp.Topics[0].Partitions[0].ErrorCode)
	require.Equal(t, model.NodeID(1), n.image.Topics["logs"].Partitions[0].Leader)
}

func TestElectLeadersNobodyEligible(t *testing.T) {
	n := newNode(t)
	n.topic(t, "logs", []model.NodeID{3})
	n.change(t, 3, controller.Fence)
	resp := askElect(t, n, 2, 1, partitionsOf("logs", 0))
	require.EqualValues(t, model.EligibleLeadersNotAvailable, resp.Topics[0].Partitions[0].ErrorCode)
}

func TestElectLeadersOfAllPartitions(t *testing.T) {
	for _, tc := range []struct {
		name string
		kind int8
		want []int32
	}{
		{"preferred", 0, []int32{0, 2}},
		{"unclean", 1, []int32{2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := unbalanced(t)
			resp := askElect(t, n, 2, tc.kind)
			require.Len(t, resp.Topics, 1)
			var got []int32
			for _, p := range resp.Topics[0].Partitions {
				got = append(got, p.Partition)
			}
			require.Equal(t, tc.want, got, "partitions that need no election are left out")
		})
	}
}

func TestElectLeadersRefusals(t *testing.T) {
	n := unbalanced(t)
	resp := askElect(t, n, 2, 7, partitionsOf("logs", 2))
	require.EqualValues(t, model.InvalidRequest, resp.ErrorCode)
	require.EqualValues(t, model.InvalidRequest, resp.Topics[0].Partitions[0].ErrorCode)
	require.Contains(t, message(resp.Topics[0].Partitions[0].ErrorMessage), "election type 7")

	n.active = 3
	resp = askElect(t, n, 2, 1, partitionsOf("logs", 2))
	require.EqualValues(t, model.NotController, resp.ErrorCode)
	require.EqualValues(t, model.NotController, resp.Topics[0].Partitions[0].ErrorCode)

	resp = askElect(t, n, 0, 0, partitionsOf("logs", 0))
	require.EqualValues(t, model.NotController, resp.Topics[0].Partitions[0].ErrorCode, "v0 has room for it here only")

	resp = askElect(t, n, 2, 1)
	require.EqualValues(t, model.NotController, resp.ErrorCode)
	require.Empty(t, resp.Topics)
	require.Equal(t, model.NoNode, n.image.Topics["logs"].Partitions[2].Leader)
}
