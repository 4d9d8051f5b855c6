package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// shrink is a request of broker 1, the leader of partition 0, for an ISR without
// broker 3.
func shrink(n *fakeNode, topic model.TopicID) *kmsg.AlterPartitionRequest {
	req := kmsg.NewPtrAlterPartitionRequest()
	req.BrokerID, req.BrokerEpoch = 1, int64(n.image.Brokers[1].Epoch)
	p := kmsg.NewAlterPartitionRequestTopicPartition()
	p.NewISR = []int32{1, 2}
	for _, id := range p.NewISR {
		p.NewEpochISR = append(p.NewEpochISR, kmsg.AlterPartitionRequestTopicPartitionNewEpochISR{
			BrokerID: id, BrokerEpoch: int64(n.image.Brokers[model.NodeID(id)].Epoch),
		})
	}
	req.Topics = []kmsg.AlterPartitionRequestTopic{{
		TopicID: topic, Partitions: []kmsg.AlterPartitionRequestTopicPartition{p},
	}}
	return req
}

func TestAlterPartition(t *testing.T) {
	for _, version := range []int16{2, 3} {
		n := newNode(t)
		topic := n.topic(t, "logs", []model.NodeID{1, 2, 3})
		resp := ask[*kmsg.AlterPartitionResponse](t, n, inside, version, shrink(n, topic.ID))
		require.Zero(t, resp.ErrorCode)
		require.EqualValues(t, topic.ID, resp.Topics[0].TopidID)
		p := resp.Topics[0].Partitions[0]
		require.Zero(t, p.ErrorCode)
		require.EqualValues(t, 1, p.LeaderID)
		require.Equal(t, []int32{1, 2}, p.ISR)
		require.EqualValues(t, 0, p.LeaderEpoch)
		require.EqualValues(t, 1, p.PartitionEpoch)
		require.Zero(t, p.LeaderRecoveryState)
		require.Equal(t, []model.NodeID{1, 2}, n.image.Topics["logs"].Partitions[0].ISR)
	}
}

func TestAlterPartitionRefusals(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(*kmsg.AlterPartitionRequest, *kmsg.AlterPartitionRequestTopicPartition)
		code  model.ErrorCode
	}{
		{"an unknown topic", func(r *kmsg.AlterPartitionRequest, _ *kmsg.AlterPartitionRequestTopicPartition) {
			r.Topics[0].TopicID = model.TopicID{9}
		}, model.UnknownTopicID},
		{"an unknown partition", func(_ *kmsg.AlterPartitionRequest, p *kmsg.AlterPartitionRequestTopicPartition) {
			p.Partition = 7
		}, model.UnknownTopicOrPartition},
		{"a leader epoch from the future", func(_ *kmsg.AlterPartitionRequest, p *kmsg.AlterPartitionRequestTopicPartition) {
			p.LeaderEpoch = 9
		}, model.NotController},
		{"a partition epoch from the future", func(_ *kmsg.AlterPartitionRequest, p *kmsg.AlterPartitionRequestTopicPartition) {
			p.PartitionEpoch = 9
		}, model.NotController},
		{"a partition epoch of the past", func(_ *kmsg.AlterPartitionRequest, p *kmsg.AlterPartitionRequestTopicPartition) {
			p.PartitionEpoch = -1
		}, model.InvalidUpdateVersion},
		{"a member's earlier life", func(_ *kmsg.AlterPartitionRequest, p *kmsg.AlterPartitionRequestTopicPartition) {
			p.NewEpochISR[1].BrokerEpoch--
		}, model.IneligibleReplica},
		{"recovering with two members", func(_ *kmsg.AlterPartitionRequest, p *kmsg.AlterPartitionRequestTopicPartition) {
			p.LeaderRecoveryState = recovering
		}, model.InvalidRequest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			topic := n.topic(t, "logs", []model.NodeID{1, 2, 3})
			req := shrink(n, topic.ID)
			tc.spoil(req, &req.Topics[0].Partitions[0])
			resp := ask[*kmsg.AlterPartitionResponse](t, n, inside, 3, req)
			require.Zero(t, resp.ErrorCode)
			p := resp.Topics[0].Partitions[0]
			require.EqualValues(t, tc.code, p.ErrorCode)
			require.Empty(t, p.ISR, "a refusal carries no state")
			require.Equal(t, []model.NodeID{1, 2, 3}, n.image.Topics["logs"].Partitions[0].ISR)
		})
	}
}

func TestAlterPartitionOfAnEarlierLife(t *testing.T) {
	n := newNode(t)
	topic := n.topic(t, "logs", []model.NodeID{1, 2, 3})
	req := shrink(n, topic.ID)
	req.BrokerEpoch--
	resp := ask[*kmsg.AlterPartitionResponse](t, n, inside, 3, req)
	require.EqualValues(t, model.StaleBrokerEpoch, resp.ErrorCode)
	require.Empty(t, resp.Topics)
	require.Equal(t, []model.NodeID{1, 2, 3}, n.image.Topics["logs"].Partitions[0].ISR)
}

func TestAlterPartitionElsewhere(t *testing.T) {
	n := newNode(t)
	topic := n.topic(t, "logs", []model.NodeID{1, 2, 3})
	n.active = 2
	resp := ask[*kmsg.AlterPartitionResponse](t, n, inside, 3, shrink(n, topic.ID))
	require.EqualValues(t, model.NotController, resp.ErrorCode)
	require.Empty(t, resp.Topics)
}

// After an unclean election the leader confirms before anybody may join.
func TestAlterPartitionRecovery(t *testing.T) {
	n := newNode(t)
	topic := n.topic(t, "logs", []model.NodeID{2, 1})
	n.change(t, 1, controller.Fence)
	n.change(t, 1, controller.Unfence)
	n.change(t, 2, controller.Fence)
	n.must(t, controller.Command{ElectLeader: &controller.ElectLeader{Topic: "logs", Unclean: true}})
	elected := n.image.Topics["logs"].Partitions[0]
	require.True(t, elected.Recovering)

	req := shrink(n, topic.ID)
	p := &req.Topics[0].Partitions[0]
	p.NewEpochISR = p.NewEpochISR[:1]
	p.LeaderEpoch, p.PartitionEpoch = int32(elected.LeaderEpoch), int32(elected.PartitionEpoch)
	p.LeaderRecoveryState = recovering
	resp := ask[*kmsg.AlterPartitionResponse](t, n, inside, 3, req)
	require.Zero(t, resp.Topics[0].Partitions[0].ErrorCode)
	require.Equal(t, recovering, resp.Topics[0].Partitions[0].LeaderRecoveryState)

	p.LeaderRecoveryState = 0
	resp = ask[*kmsg.AlterPartitionResponse](t, n, inside, 3, req)
	require.Zero(t, resp.Topics[0].Partitions[0].ErrorCode)
	require.Zero(t, resp.Topics[0].Partitions[0].LeaderRecoveryState)
	require.False(t, n.image.Topics["logs"].Partitions[0].Recovering)
}
