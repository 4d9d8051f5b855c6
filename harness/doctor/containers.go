package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ackproof/ackproof/harness/cluster/docker"
	"github.com/ackproof/ackproof/nemesis/agent"
)

// examineLimit bounds all questions to a Docker engine, the build of the
// agent's image included.
const examineLimit = 2 * time.Minute

// Containers makes the checks that clusters of containers hang on: of the
// engine, and of what its kernel lets an agent do.
func Containers(ctx context.Context, o Options) Report {
	ctx, cancel := context.WithTimeout(ctx, examineLimit)
	defer cancel()
	engine, err := docker.Connect(ctx)
	if err != nil {
		return Report{noEngine(err)}
	}
	defer func() { _ = engine.Close() }()
	report := Report{{
		Name: "docker", Level: OK,
		Found: fmt.Sprintf("Engine %s, API %s, storage %s, linux/%s %s (%s)",
			engine.Version, engine.API, engine.Storage, engine.Arch, engine.Kernel, engine.System),
		Follows: "clusters of containers work (--cluster docker)",
	}}
	// Of an engine elsewhere neither disk nor clock are this machine's.
	if engine.Here() {
		report = append(report, softened(disk("docker disk", engine.Root), "for clusters of containers"))
	}
	if skew, err := engine.Skew(ctx); err == nil {
		report = append(report, judgeSkew(skew))
	}
	hello, err := engine.Probe(ctx, o.Agent)
	if err != nil {
		return append(report, Check{Name: "agent", Level: Lacking, Found: err.Error(), Follows: "no faults in containers"})
	}
	report = append(report, Check{
		Name: "agent", Level: OK, Found: fmt.Sprintf("speaks version %d on %s", hello.Version, hello.Kernel),
		Follows: "faults act in containers",
	})
	return append(report, capabilities(hello.Capabilities)...)
}

func noEngine(err error) Check {
	c := Check{Name: "docker", Level: Lacking, Found: err.Error(), Follows: "no clusters of containers"}
	if errors.Is(err, docker.ErrNoEngine) {
		c.Follows += "; install Docker Engine and start it, or point DOCKER_HOST at one"
	}
	return c
}

// softened is a check of what only clusters of containers need.
func softened(c Check, what string) Check {
	if c.Level == Broken {
		c.Level = Lacking
	}
	c.Follows += " " + what
	return c
}

// skewTolerance is more than a question to the engine takes.
const skewTolerance = time.Second

func judgeSkew(skew time.Duration) Check {
	c := Check{
		Name: "docker clock", Level: OK, Found: fmt.Sprintf("%v from this machine's", skew.Round(time.Millisecond)),
		Follows: "logs of brokers and of the harness can be laid side by side",
	}
	if skew.Abs() > skewTolerance {
		c.Level, c.Follows = Lacking, "times in brokers' logs differ from the harness's by that"
	}
	return c
}

// consequences are what follows from a kernel feature: with it, and without.
var consequences = []struct{ name, with, without string }{
	{"nftables", "links in containers can be cut", "no partitions in containers"},
	{"reject", "connections can be reset", "connections can be cut, not reset"},
	{"nfqueue", "links can be slow and lossy, in user space", "slow and lossy links only where there is netem"},
	{"netem", "links can be slow and lossy, in the kernel", "slow and lossy links only where there is nfqueue"},
	{"ptrace", "processes can be stopped and patched", "no clock faults in containers"},
	{"clock", "brokers' wall clocks can be wrong", "no clock faults in containers"},
}

func capabilities(c agent.Capabilities) Report {
	var report Report
	byName := docker.CapabilitiesByName(c)
	for _, one := range consequences {
		capability := byName[one.name]
		check := Check{Name: one.name, Level: OK, Found: docker.DescribeCapability(capability), Follows: one.with}
		if !capability.Supported {
			check.Level, check.Follows = Lacking, one.without
		}
		report = append(report, check)
	}
	return report
}
