package broker

import (
	"fmt"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

func (s *script) controller() model.NodeID {
	for _, id := range s.w.order {
		if n := s.w.nodes[id]; n.core != nil && n.core.Status().IsController {
			return id
		}
	}
	s.t.Fatal("no active controller")
	return model.NoNode
}

// topic makes a topic of one partition with its replicas in the given order.
func (s *script) topic(d *datadriven.TestData) string {
	var partitions [][]int32
	for _, arg := range d.CmdArgs {
		var replicas []int32
		for _, v := range arg.Vals {
			replicas = append(replicas, int32(mustInt(s.t, v)))
		}
		partitions = append(partitions, replicas)
	}
	if code := s.createTopic(partitions...); code != model.None {
		return code.String()
	}
	s.w.run(500 * time.Millisecond)
	return s.w.status()
}

// createTopic makes topic t, of one partition for each list of replicas.
func (s *script) createTopic(partitions ...[]int32) model.ErrorCode {
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Version = 7
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "t", -1, -1
	for number, replicas := range partitions {
		assignment := kmsg.NewCreateTopicsRequestTopicReplicaAssignment()
		assignment.Partition, assignment.Replicas = int32(number), replicas
		topic.ReplicaAssignment = append(topic.ReplicaAssignment, assignment)
	}
	req.Topics = append(req.Topics, topic)
	resp, err := s.w.client(s.controller(), req)
	require.NoError(s.t, err)
	return model.ErrorCode(resp.(*kmsg.CreateTopicsResponse).Topics[0].ErrorCode)
}

func (s *script) whoControls(*datadriven.TestData) string { return fmt.Sprint(s.controller()) }

func (s *script) deleteTopic(*datadriven.TestData) string {
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.Version, req.TopicNames = 5, []string{"t"}
	resp, err := s.w.client(s.controller(), req)
	require.NoError(s.t, err)
	return model.ErrorCode(resp.(*kmsg.DeleteTopicsResponse).Topics[0].ErrorCode).String()
}

// config min.insync.replicas=1 sets a property of the topic.
func (s *script) config(d *datadriven.TestData) string {
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	resource := kmsg.NewIncrementalAlterConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, "t"
	for _, arg := range d.CmdArgs {
		c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		c.Name, c.Value = arg.Key, &arg.Vals[0]
		resource.Configs = append(resource.Configs, c)
	}
	req.Resources = append(req.Resources, resource)
	resp, err := s.w.client(s.controller(), req)
	require.NoError(s.t, err)
	return model.ErrorCode(resp.(*kmsg.IncrementalAlterConfigsResponse).Resources[0].ErrorCode).String()
}

// prefer order=(2,1,3) reorders the replicas and elects the first.
func (s *script) prefer(d *datadriven.TestData) string {
	var replicas []int32
	for _, v := range d.CmdArgs[0].Vals {
		replicas = append(replicas, int32(mustInt(s.t, v)))
	}
	resp, err := s.w.client(s.controller(), reorderRequest(0, replicas))
	require.NoError(s.t, err)
	if p := resp.(*kmsg.AlterPartitionAssignmentsResponse).Topics[0].Partitions[0]; p.ErrorCode != 0 {
		return model.ErrorCode(p.ErrorCode).String()
	}
	resp, err = s.w.client(s.controller(), electRequest(0))
	require.NoError(s.t, err)
	s.w.run(5 * time.Millisecond) // until the others have heard
	return model.ErrorCode(resp.(*kmsg.ElectLeadersResponse).Topics[0].Partitions[0].ErrorCode).String()
}
