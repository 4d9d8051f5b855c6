package docker

import (
	"strings"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// Describe says what the engine is, for a run's record.
func (e *Engine) Describe() map[string]string {
	return map[string]string{
		"docker.host":    e.Host,
		"docker.version": e.Version,
		"docker.api":     e.API,
		"docker.storage": e.Storage,
		"docker.system":  e.System,
		"docker.kernel":  e.Kernel,
		"docker.arch":    "linux/" + e.Arch,
	}
}

// DescribeCapabilities adds what agents can do to a run's record.
func DescribeCapabilities(c agent.Capabilities, to map[string]string) {
	for name, capability := range CapabilitiesByName(c) {
		to["fault."+name] = DescribeCapability(capability)
	}
}

// CapabilitiesByName lists what an agent can do by the kernel's feature.
func CapabilitiesByName(c agent.Capabilities) map[string]agent.Capability {
	return map[string]agent.Capability{
		"nftables": c.NFTables, "reject": c.Reject, "nfqueue": c.NFQueue,
		"netem": c.Netem, "ptrace": c.Ptrace, "clock": c.Clock,
	}
}

// DescribeCapability is one line: yes, how, or why not.
func DescribeCapability(c agent.Capability) string {
	if !c.Supported {
		return "no: " + strings.ReplaceAll(c.Reason, "\n", "; ")
	}
	if c.How != "" {
		return "yes, " + c.How
	}
	return "yes"
}
