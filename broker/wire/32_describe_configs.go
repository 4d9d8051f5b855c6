package wire

import (
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/controller"
	"github.com/ackproof/ackproof/broker/model"
)

// DescribeConfigs: versions 1-4.
//
//   - v1: sources and synonyms (KIP-226); v3: types and documentation (KIP-569);
//     v4: flexible.
//
// Any broker answers for topics and for the cluster's dynamic defaults (a broker
// resource without a name); a broker resource with a name must be this broker.
// No property is secret.
var _ = register(Handler{Key: kmsg.DescribeConfigs, Min: 1, Max: 4, Serve: describeConfigs})

func describeConfigs(n Node, call *Call) {
	req := call.Request.(*kmsg.DescribeConfigsRequest)
	resp := responseTo[*kmsg.DescribeConfigsResponse](call)
	for _, resource := range req.Resources {
		r := kmsg.NewDescribeConfigsResponseResource()
		r.ResourceType, r.ResourceName = resource.ResourceType, resource.ResourceName
		entries, refused := entriesOf(n, resource.ResourceType, resource.ResourceName)
		r.ErrorCode, r.ErrorMessage = int16(refused.Code), text(refused.Message)
		for _, entry := range entries {
			// Kafka takes an empty list of names for all, as it does a null one.
			if len(resource.ConfigNames) == 0 || slices.Contains(resource.ConfigNames, entry.name) {
				r.Configs = append(r.Configs, describeEntry(req, entry))
			}
		}
		resp.Resources = append(resp.Resources, r)
	}
	n.Reply(call, resp)
}

func entriesOf(n Node, kind kmsg.ConfigResourceType, name string) ([]configEntry, controller.Result) {
	switch kind {
	case kmsg.ConfigResourceTypeTopic:
		topic := n.Image().Topics[name]
		if topic == nil {
			return nil, refuse(model.UnknownTopicOrPartition, "The topic '%s' does not exist.", name)
		}
		return topicEntries(n, topic), controller.Result{}
	case kmsg.ConfigResourceTypeBroker:
		switch name {
		case "":
			return clusterEntries(n), controller.Result{}
		case strconv.Itoa(int(n.ID())):
			return brokerEntries(n), controller.Result{}
		}
		return nil, refuse(model.InvalidRequest,
			"Unexpected broker id, expected %d or empty string, but received %s", n.ID(), name)
	default:
		return nil, refuseResourceType(kind)
	}
}

func refuseResourceType(kind kmsg.ConfigResourceType) controller.Result {
	return refuse(model.InvalidRequest, "resource type %d is not supported: allowed are 2 (topic) and 4 (broker)", kind)
}

func describeEntry(req *kmsg.DescribeConfigsRequest, entry configEntry) kmsg.DescribeConfigsResponseResourceConfig {
	c := kmsg.NewDescribeConfigsResponseResourceConfig()
	c.Name, c.Value, c.ReadOnly = entry.name, entry.value(), entry.readOnly
	c.Source = kmsg.ConfigSource(entry.source())
	c.ConfigType = entry.kind
	if req.IncludeDocumentation {
		c.Documentation = &entry.doc
	}
	if req.IncludeSynonyms {
		for _, layer := range entry.layers {
			s := kmsg.NewDescribeConfigsResponseResourceConfigConfigSynonym()
			s.Name, s.Value, s.Source = layer.name, &layer.value, kmsg.ConfigSource(layer.source)
			c.ConfigSynonyms = append(c.ConfigSynonyms, s)
		}
	}
	return c
}
