package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// MaxNodes bounds the nodes of a cluster; larger values are typing errors.
const MaxNodes = 99

// DefaultProperties are those that live brokers get unless told otherwise. The
// directed schedules of package nemesis assume these times.
func DefaultProperties() map[string]string {
	return map[string]string{
		"broker.session.timeout.ms":    "1000",
		"broker.heartbeat.interval.ms": "200",
		"replica.lag.time.max.ms":      "1000",
	}
}

// ownProperties are those that follow from the cluster's network and folders.
var ownProperties = []string{
	"node.id", "cluster.id", "listeners", "advertised.listeners", "inter.broker.listener.name",
	"controller.quorum.voters", "log.dirs", "metadata.log.dir", "http.listen", "mutant",
}

// CheckProperties refuses those that are the cluster's to set, and what cannot
// be on a line of a file or on a command line.
func CheckProperties(properties map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		if slices.Contains(ownProperties, key) {
			return fmt.Errorf("property %s=%q: the cluster sets it, allowed are others", key, properties[key])
		}
		if strings.ContainsAny(key+properties[key], "\r\n\x00") {
			return fmt.Errorf("property %q=%q: a line break is not allowed", key, properties[key])
		}
	}
	return nil
}
