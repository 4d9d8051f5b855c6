package local

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/ackproof/ackproof/harness/cluster"
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
		voters[i] = strconv.Itoa(peer.id) + "@" + c.insideAddress(n, peer)
	}
	properties := cluster.DefaultProperties()
	maps.Copy(properties, c.options.Properties)
	maps.Copy(properties, map[string]string{
		"node.id":                    strconv.Itoa(n.id),
		"cluster.id":                 c.id,
		"listeners":                  "INSIDE://" + inside + ",OUTSIDE://" + address(p.outside),
		"advertised.listeners":       "OUTSIDE://" + c.outsideAddress(n),
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

// insideAddress is where a broker reaches a peer, or itself.
func (c *Cluster) insideAddress(from, to *node) string {
	if c.options.Direct || from == to {
		return address(to.ports.Load().inside)
	}
	return c.proxies.address(nemesis.Endpoint(from.id), nemesis.Endpoint(to.id))
}

// outsideAddress is where clients reach a broker.
func (c *Cluster) outsideAddress(n *node) string {
	if c.options.Direct {
		return address(n.ports.Load().outside)
	}
	return c.proxies.address(nemesis.Clients, nemesis.Endpoint(n.id))
}
