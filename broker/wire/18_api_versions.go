package wire

import (
	"maps"
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ackproof/ackproof/broker/model"
)

// ApiVersions: versions 0-4.
//
//   - v3: flexible, names the client's software (KIP-511), has room for
//     features; v4: features may start at version 0 (KAFKA-17011). No features are
//     announced.
//   - A version that is not served never gets here: the codec answers it with
//     the body of v0, UNSUPPORTED_VERSION and APIKeys.
var _ = register(Handler{Key: kmsg.ApiVersions, Min: 0, Max: 4, Serve: apiVersions})

// softwareName is what KIP-511 allows as the name and version of a client.
var softwareName = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$`)

func apiVersions(n Node, call *Call) {
	req := call.Request.(*kmsg.ApiVersionsRequest)
	resp := responseTo[*kmsg.ApiVersionsResponse](call)
	named := softwareName.MatchString(req.ClientSoftwareName) && softwareName.MatchString(req.ClientSoftwareVersion)
	if req.Version >= 3 && !named {
		resp.ErrorCode = int16(model.InvalidRequest)
	} else {
		resp.ApiKeys = APIKeys(isInside(n, call))
	}
	n.Reply(call, resp)
}

// APIKeys is what ApiVersions advertises on the inter-broker listener (inside)
// or on any other one, sorted by key.
func APIKeys(inside bool) []kmsg.ApiVersionsResponseApiKey {
	var keys []kmsg.ApiVersionsResponseApiKey
	for _, key := range slices.Sorted(maps.Keys(handlers)) {
		h := handlers[key]
		if h.InsideOnly && !inside {
			continue
		}
		k := kmsg.NewApiVersionsResponseApiKey()
		k.ApiKey, k.MinVersion, k.MaxVersion = key.Int16(), h.Min, h.Max
		if inside {
			k.MaxVersion = max(h.Max, h.InsideMax)
		}
		// Produce 0-2 are advertised although they are refused: without them
		// librdkafka silently turns compression off (KAFKA-18659).
		if key == kmsg.Produce {
			k.MinVersion = 0
		}
		keys = append(keys, k)
	}
	return keys
}
