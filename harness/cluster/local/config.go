package local

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/ackproof/ackproof/nemesis"
)

// writeConfig writes the broker's configuration in Kafka's own property names.
func (n *node) writeConfig() error {
	var text bytes.Buffer
	properties := n.properties()
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		fmt.Fprintf(&text, "%s=%s\n", key, properties[key])
	}
	return os.WriteFile(n.configPath(), text.Bytes(), 0o644)
}

// properties are the defaults, what the options say, and what follows from
// ports and folders. Each broker gets a view of the quorum of its own: it
// reaches its peers through its own links to them.
func (n *node) properties() map[string]string {
	c, p := n.cluster, n.ports.Load()
	inside := address(p.inside)
	voters := make([]string, len(c.nodes))
	for i, peer := range c.nodes {
		at := inside
		if peer.id != n.id {
			at = c.proxies.address(nemesis.Endpoint(n.id), nemesis.Endpoint(peer.id))
		}
		voters[i] = strconv.Itoa(peer.id) + "@" + at
	}
	properties := Defaults()
	maps.Copy(properties, c.options.Properties)
	maps.Copy(properties, map[string]string{
		"node.id":                    strconv.Itoa(n.id),
		"cluster.id":                 c.id,
		"listeners":                  "INSIDE://" + inside + ",OUTSIDE://" + address(p.outside),
		"advertised.listeners":       "OUTSIDE://" + c.proxies.address(nemesis.Clients, nemesis.Endpoint(n.id)),
		"inter.broker.listener.name": "INSIDE",
		"controller.quorum.voters":   strings.Join(voters, ","),
		"log.dirs":                   n.dataDir(),
		"metadata.log.dir":           n.metadataDir(),
		"http.listen":                address(p.http),
	})
	if c.options.Mutant != "" {
		properties["mutant"] = c.options.Mutant
	}
	return properties
}
