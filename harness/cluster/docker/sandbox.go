package docker

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	testcontainers "github.com/testcontainers/testcontainers-go"
	tcnetwork "github.com/testcontainers/testcontainers-go/network"

	"github.com/ackproof/ackproof/harness/cluster"
	"github.com/ackproof/ackproof/nemesis/agent"
)

// Where a broker listens in its sandbox, and where its data is.
const (
	outsidePort = 9092 // clients
	insidePort  = 9093 // brokers
	httpPort    = 9094 // health and metrics

	dataDir     = "/data"
	logsDir     = dataDir + "/logs" // what WipeData removes
	metadataDir = dataDir + "/meta"
)

// agentCapabilities are what faults take, on top of nothing. The broker gets
// none.
var agentCapabilities = []string{"NET_ADMIN", "SYS_PTRACE", "KILL", "DAC_OVERRIDE"}

// open makes the node's volume and containers and starts the agent. The broker
// is not started.
func (n *node) open(ctx context.Context, images images) error {
	volume := n.name() + "-data"
	_, err := n.cluster.engine.api.VolumeCreate(ctx, client.VolumeCreateOptions{
		Name: volume, Labels: nodeLabels(n.cluster.run, roleVolume, n.id),
	})
	if err != nil {
		return fmt.Errorf("node %d: make volume: %w", n.id, explain(err))
	}
	sandbox, err := n.openAgent(ctx, images.agent, volume)
	if err != nil {
		return fmt.Errorf("node %d: agent: %w", n.id, explain(err))
	}
	if err := n.openBroker(ctx, images.broker, volume, sandbox); err != nil {
		return fmt.Errorf("node %d: broker: %w", n.id, explain(err))
	}
	return nil
}

// name is the agent's container, and the beginning of the node's other names.
func (n *node) name() string { return fmt.Sprintf("%s-n%d", n.cluster.name, n.id) }

// alias is the node's host name in the network.
func (n *node) alias() string { return peerName(n.id) }

// openAgent starts the agent, which owns address, ports, network and processes
// of the node, and learns what it can do.
func (n *node) openAgent(ctx context.Context, image, volume string) (sandbox string, err error) {
	c := n.cluster
	started, err := testcontainers.Run(ctx, image,
		testcontainers.WithName(n.name()),
		testcontainers.WithCmd("serve"),
		testcontainers.WithLabels(nodeLabels(c.run, roleAgent, n.id)),
		tcnetwork.WithNetworkName([]string{n.alias()}, c.name),
		testcontainers.WithEndpointSettingsModifier(func(settings map[string]*network.EndpointSettings) {
			settings[c.name].IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: c.subnet.node(n.id)}
		}),
		testcontainers.WithConfigModifier(func(config *container.Config) {
			config.Hostname = n.alias()
			config.OpenStdin, config.StdinOnce = true, true
			config.AttachStdin, config.AttachStdout, config.AttachStderr = true, true, true
		}),
		testcontainers.WithExposedPorts(strconv.Itoa(outsidePort)+"/tcp", strconv.Itoa(httpPort)+"/tcp"),
		testcontainers.WithHostConfigModifier(func(config *container.HostConfig) {
			config.CapDrop, config.CapAdd = []string{"ALL"}, agentCapabilities
			config.SecurityOpt = []string{"no-new-privileges"}
			config.PortBindings = n.portBindings()
			config.Mounts = []mount.Mount{{Type: mount.TypeVolume, Source: volume, Target: dataDir}}
			config.LogConfig = container.LogConfig{Type: "none"} // we are attached
		}),
		testcontainers.WithAdditionalLifecycleHooks(testcontainers.ContainerLifecycleHooks{
			PostCreates: []testcontainers.ContainerHook{func(ctx context.Context, made testcontainers.Container) error {
				n.attachment, err = c.engine.attach(ctx, made.GetContainerID(), agentNotes{n.log})
				return err
			}},
		}),
	)
	if err != nil {
		return "", err
	}
	n.agent = agent.NewClient(n.attachment, n.attachment.stdout)
	if n.hello, err = n.agent.Hello(ctx); err != nil {
		return "", err
	}
	return started.GetContainerID(), n.readPorts(ctx, started.GetContainerID())
}

// portBindings publish the ports for clients and for health. They belong to the
// agent, so that they outlive the broker.
func (n *node) portBindings() network.PortMap {
	at := n.cluster.engine.bindAddress()
	clients := ""
	if first := n.cluster.options.Port; first != 0 {
		clients = strconv.Itoa(first + n.id - 1)
	}
	return network.PortMap{
		tcpPort(outsidePort): {{HostIP: at, HostPort: clients}},
		tcpPort(httpPort):    {{HostIP: at}},
	}
}

func tcpPort(number uint16) network.Port {
	return network.MustParsePort(strconv.Itoa(int(number)) + "/tcp")
}

// readPorts learns where the ports were published.
func (n *node) readPorts(ctx context.Context, id string) error {
	inspected, err := n.cluster.engine.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return err
	}
	for inside, outside := range map[uint16]*int{outsidePort: &n.clientPort, httpPort: &n.httpPort} {
		bindings := inspected.Container.NetworkSettings.Ports[tcpPort(inside)]
		if len(bindings) == 0 {
			return fmt.Errorf("port %d is not published", inside)
		}
		if *outside, err = strconv.Atoi(bindings[0].HostPort); err != nil {
			return fmt.Errorf("port %d is published at %q: %w", inside, bindings[0].HostPort, err)
		}
	}
	return nil
}

// openBroker makes the broker's container in the agent's sandbox.
func (n *node) openBroker(ctx context.Context, image, volume, sandbox string) error {
	made, err := testcontainers.Run(ctx, image,
		testcontainers.WithNoStart(),
		testcontainers.WithName(n.name()+"-broker"),
		testcontainers.WithLabels(nodeLabels(n.cluster.run, roleBroker, n.id)),
		testcontainers.WithEnv(environment(n.properties())),
		testcontainers.WithHostConfigModifier(func(config *container.HostConfig) {
			config.NetworkMode = container.NetworkMode("container:" + sandbox)
			config.PidMode = container.PidMode("container:" + sandbox)
			config.CapDrop = []string{"ALL"}
			config.SecurityOpt = []string{"no-new-privileges"}
			config.Mounts = []mount.Mount{{Type: mount.TypeVolume, Source: volume, Target: dataDir}}
			config.LogConfig = container.LogConfig{Type: "json-file"} // whatever the engine's default is: we read it
		}),
	)
	if err != nil {
		return err
	}
	n.broker = made.GetContainerID()
	return nil
}

// properties are the defaults, what the options say, and what follows from the
// network.
func (n *node) properties() map[string]string {
	c := n.cluster
	voters := make([]string, len(c.nodes))
	for i, peer := range c.nodes {
		voters[i] = fmt.Sprintf("%d@%s", peer.id, at(c.subnet.node(peer.id), insidePort))
	}
	properties := cluster.DefaultProperties()
	maps.Copy(properties, c.options.Properties)
	maps.Copy(properties, map[string]string{
		"node.id":                    strconv.Itoa(n.id),
		"cluster.id":                 c.id,
		"listeners":                  fmt.Sprintf("INSIDE://0.0.0.0:%d,OUTSIDE://0.0.0.0:%d", insidePort, outsidePort),
		"advertised.listeners":       "INSIDE://" + at(c.subnet.node(n.id), insidePort) + ",OUTSIDE://" + n.clientAddress(),
		"inter.broker.listener.name": "INSIDE",
		"controller.quorum.voters":   strings.Join(voters, ","),
		"log.dirs":                   logsDir,
		"metadata.log.dir":           metadataDir,
		"http.listen":                fmt.Sprintf("0.0.0.0:%d", httpPort),
	})
	if c.options.Mutant != "" {
		properties["mutant"] = c.options.Mutant
	}
	return properties
}

func at(address netip.Addr, port uint16) string { return netip.AddrPortFrom(address, port).String() }

// environment spells properties as the broker's environment variables.
func environment(properties map[string]string) map[string]string {
	variables := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		variables["ACKBROKER_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = properties[key]
	}
	return variables
}
