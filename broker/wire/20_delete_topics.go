package wire

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// DeleteTopics: versions 1-6.
//
//   - v4: flexible; v5: error messages; v6: topics by name or by id (KIP-516).
//
// For the controller only.
var _ = register(Handler{Key: kmsg.DeleteTopics, Min: 1, Max: 6, Serve: deleteTopics})

func deleteTopics(n Node, call *Call) {
	req := call.Request.(*kmsg.DeleteTopicsRequest)
	resp := responseTo[*kmsg.DeleteTopicsResponse](call)

	wanted := req.Topics
	for _, name := range req.TopicNames {
		t := kmsg.NewDeleteTopicsRequestTopic()
		t.Topic = &name
		wanted = append(wanted, t)
	}

	var all gather
	resp.Topics = make([]kmsg.DeleteTopicsResponseTopic, len(wanted))
	for i, topic := range wanted {
		slot := &resp.Topics[i]
		slot.Default()
		slot.Topic, slot.TopicID = topic.Topic, topic.TopicID
		settle := func(result controller.Result) {
			slot.ErrorCode, slot.ErrorMessage = int16(result.Code), text(result.Message)
			if result.Topic != nil {
				slot.Topic, slot.TopicID = &result.Topic.Name, result.Topic.ID
			}
		}
		if !isController(n) {
			settle(refuseElsewhere(n))
			continue
		}
		name, refused := nameToDelete(n.Image(), topic)
		if refused.Code != model.None {
			settle(refused)
			continue
		}
		all.add(controller.Command{DeleteTopic: &controller.DeleteTopic{Name: name, ID: topic.TopicID}}, settle)
	}
	all.propose(n, func() { n.Reply(call, resp) })
}

func nameToDelete(image *controller.Image, topic kmsg.DeleteTopicsRequestTopic) (string, controller.Result) {
	byID := topic.TopicID != model.TopicID{}
	switch {
	case byID && topic.Topic != nil:
		return "", refuse(model.InvalidRequest, "You may not specify both topic name and topic id.")
	case byID:
		name, known := image.TopicNames[topic.TopicID]
		if !known {
			return "", refuse(model.UnknownTopicID, "This server does not host this topic ID.")
		}
		return name, controller.Result{}
	case topic.Topic != nil:
		return *topic.Topic, controller.Result{}
	default:
		return "", refuse(model.InvalidRequest, "Neither topic name nor id were specified.")
	}
}
