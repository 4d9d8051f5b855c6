package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// ElectLeaders: versions 0-2.
//
//   - v0: preferred elections only; v1: unclean ones too, and an error for the
//     whole request (KIP-460); v2: flexible.
//
// For the controller only. Each partition has a result of its own:
// PREFERRED_LEADER_NOT_AVAILABLE, ELIGIBLE_LEADERS_NOT_AVAILABLE or
// ELECTION_NOT_NEEDED. A null topic list means all partitions; those that need
// no election are then left out, as Kafka does.
var _ = register(Handler{Key: kmsg.ElectLeaders, Min: 0, Max: 2, Serve: electLeaders})

// The election types of KIP-460.
const (
	preferredElection int8 = 0
	uncleanElection   int8 = 1
)

func electLeaders(n Node, call *Call) {
	req := call.Request.(*kmsg.ElectLeadersRequest)
	resp := responseTo[*kmsg.ElectLeadersResponse](call)

	unclean := req.ElectionType == uncleanElection
	wanted := req.Topics
	if wanted == nil && isController(n) {
		wanted = electable(n.Image(), unclean)
	}
	// In v0 there is no room for an error of the whole request: every partition
	// carries it.
	var refused controller.Result
	switch {
	case !isController(n):
		refused = refuseElsewhere(n)
	case !unclean && req.ElectionType != preferredElection:
		refused = refuse(model.InvalidRequest,
			"election type %d is unknown: allowed are 0 (preferred) and 1 (unclean)", req.ElectionType)
	}
	resp.ErrorCode = int16(refused.Code)

	var all gather
	resp.Topics = make([]kmsg.ElectLeadersResponseTopic, len(wanted))
	for i, topic := range wanted {
		t := &resp.Topics[i]
		t.Default()
		t.Topic = topic.Topic
		t.Partitions = make([]kmsg.ElectLeadersResponseTopicPartition, len(topic.Partitions))
		for j, partition := range topic.Partitions {
			slot := &t.Partitions[j]
			slot.Default()
			slot.Partition = partition
			settle := func(result controller.Result) {
				slot.ErrorCode, slot.ErrorMessage = int16(result.Code), text(result.Message)
			}
			if refused.Code != model.None {
				settle(refused)
				continue
			}
			all.add(controller.Command{ElectLeader: &controller.ElectLeader{
				Topic: topic.Topic, Partition: partition, Unclean: unclean,
			}}, settle)
		}
	}
	all.propose(n, func() { n.Reply(call, resp) })
}

// electable lists the partitions for which an election could change anything.
func electable(image *controller.Image, unclean bool) []kmsg.ElectLeadersRequestTopic {
	var topics []kmsg.ElectLeadersRequestTopic
	for _, name := range image.TopicList() {
		t := kmsg.NewElectLeadersRequestTopic()
		t.Topic = name
		for number, p := range image.Topics[name].Partitions {
			if unclean && p.Leader == model.NoNode || !unclean && p.Leader != p.Replicas[0] {
				t.Partitions = append(t.Partitions, int32(number))
			}
		}
		if len(t.Partitions) > 0 {
			topics = append(topics, t)
		}
	}
	return topics
}
