package wire

import (
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// IncrementalAlterConfigs: versions 0-1 (KIP-339; v1: flexible).
//
// For the controller only, of topics and of the cluster's dynamic defaults (a
// broker resource without a name). Properties can be set and deleted; none is a
// list that could be appended to. Every property of a resource is checked before
// the first is changed, so a refused resource is unchanged as a whole.
var _ = register(Handler{Key: kmsg.IncrementalAlterConfigs, Min: 0, Max: 1, Serve: incrementalAlterConfigs})

func incrementalAlterConfigs(n Node, call *Call) {
	req := call.Request.(*kmsg.IncrementalAlterConfigsRequest)
	resp := responseTo[*kmsg.IncrementalAlterConfigsResponse](call)

	type resourceName struct {
		kind kmsg.ConfigResourceType
		name string
	}
	times := map[resourceName]int{}
	for _, resource := range req.Resources {
		times[resourceName{resource.ResourceType, resource.ResourceName}]++
	}

	var all gather
	resp.Resources = make([]kmsg.IncrementalAlterConfigsResponseResource, len(req.Resources))
	for i, resource := range req.Resources {
		slot := &resp.Resources[i]
		slot.Default()
		slot.ResourceType, slot.ResourceName = resource.ResourceType, resource.ResourceName
		// Of several results the first refusal is the resource's.
		settle := func(result controller.Result) {
			if slot.ErrorCode == int16(model.None) {
				slot.ErrorCode, slot.ErrorMessage = int16(result.Code), text(result.Message)
			}
		}
		if !isController(n) {
			settle(refuseElsewhere(n))
			continue
		}
		if times[resourceName{resource.ResourceType, resource.ResourceName}] > 1 {
			settle(refuse(model.InvalidRequest, "Each resource must appear at most once."))
			continue
		}
		changes, refused := configChanges(n.Image(), resource)
		if refused.Code != model.None {
			settle(refused)
			continue
		}
		if req.ValidateOnly {
			continue
		}
		for _, change := range changes {
			all.add(controller.Command{SetConfig: change}, settle)
		}
	}
	all.propose(n, func() { n.Reply(call, resp) })
}

func configChanges(image *controller.Image, resource kmsg.IncrementalAlterConfigsRequestResource) ([]*controller.SetConfig, controller.Result) {
	topic := resource.ResourceName
	check := controller.CheckTopicProperty
	switch resource.ResourceType {
	case kmsg.ConfigResourceTypeTopic:
		// An empty topic would mean the cluster's defaults to the controller.
		if topic == "" {
			return nil, refuse(model.InvalidRequest, "Default topic resources are not allowed.")
		}
		if image.Topics[topic] == nil {
			return nil, refuse(model.UnknownTopicOrPartition, "The topic '%s' does not exist.", topic)
		}
	case kmsg.ConfigResourceTypeBroker:
		if topic != "" {
			return nil, refuse(model.InvalidRequest, "broker resource %q: only the cluster-wide default, "+
				"with an empty name, can be changed while brokers run", topic)
		}
		check = controller.CheckClusterProperty
	default:
		return nil, refuseResourceType(resource.ResourceType)
	}

	var changes []*controller.SetConfig
	for _, property := range resource.Configs {
		if slices.ContainsFunc(changes, func(c *controller.SetConfig) bool { return c.Name == property.Name }) {
			return nil, refuse(model.InvalidRequest, "Error due to duplicate config keys: %s", property.Name)
		}
		change := &controller.SetConfig{Topic: topic, Name: property.Name}
		switch property.Op {
		case kmsg.IncrementalAlterConfigOpSet:
			if property.Value == nil {
				return nil, refuse(model.InvalidRequest, "Null value not supported for : %s", property.Name)
			}
			change.Value = property.Value
		case kmsg.IncrementalAlterConfigOpDelete:
		default:
			return nil, refuse(model.InvalidRequest, "operation %s on %s is not supported: allowed are SET and DELETE",
				operationName(property.Op), property.Name)
		}
		if err := check(property.Name, change.Value); err != nil {
			return nil, refuse(model.InvalidConfig, "%s", err)
		}
		changes = append(changes, change)
	}
	return changes, controller.Result{}
}

// operationName is the protocol's own name for an operation, or its number.
func operationName(op kmsg.IncrementalAlterConfigOp) string {
	if op < kmsg.IncrementalAlterConfigOpSet || op > kmsg.IncrementalAlterConfigOpSubtract {
		return fmt.Sprint(int8(op))
	}
	return op.String()
}
