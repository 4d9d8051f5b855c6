package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/ackproof/ackproof/broker/server"
	"github.com/ackproof/ackproof/harness"
)

// requireDocker is the environment variable that makes a missing Docker engine
// an error wherever a cluster of child processes would do instead.
const requireDocker = "ACKPROOF_REQUIRE_DOCKER"

// tellTime is the word with which this program answers lines with the time. On
// it is tried whether clocks can be skewed.
const tellTime = "tell-time"

// machine examines the machine and completes the configuration for it.
func (a *app) machine(ctx context.Context, c *harness.Config) error {
	if err := a.binaries(&c.Cluster, &c.Broker, &c.Agent); err != nil {
		return err
	}
	c.Build = a.build()
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this binary: %w", err)
	}
	c.Machine, err = harness.Examine(ctx, c.Cluster, harness.Tools{
		Results: c.Results, Agent: c.Agent, TellTime: exec.CommandContext(ctx, self, tellTime),
	})
	return err
}

// dockerIfAny picks the kind of cluster where nobody has: containers, which are
// closer to what runs in production, where there is an engine. Why tells why it
// is another.
func dockerIfAny(ctx context.Context) (kind, why string, err error) {
	answer := harness.DockerAnswers(ctx)
	switch {
	case answer == nil:
		return harness.Docker, "", nil
	case os.Getenv(requireDocker) == "1":
		return "", "", badInput("%s=1: %w", requireDocker, answer)
	}
	return harness.Local, oneLine(answer), nil
}

// lacks says aloud which faults cannot be had, those of one reason together.
func (a *app) lacks(m harness.Machine) {
	kinds := map[string][]string{}
	for kind, why := range m.Cannot {
		kinds[why] = append(kinds[why], string(kind))
	}
	for _, why := range slices.Sorted(maps.Keys(kinds)) {
		slices.Sort(kinds[why])
		a.say("no faults of %s here: %s\n", strings.Join(kinds[why], ", "), why)
	}
}

// binaries completes the paths of the broker and the agent for a kind of
// cluster. A child process without a path is this program, under the broker's
// name; containers get what make build has put beside this program, if it has,
// and otherwise what the cluster builds for them.
func (a *app) binaries(kind, broker, agent *string) (err error) {
	if *kind == harness.Docker {
		*broker, *agent = orBeside(*broker, brokerName), orBeside(*agent, agentName)
		return nil
	}
	if *broker == "" {
		*broker, err = a.brokerInside()
	}
	return err
}

// agentName is the agent's binary.
const agentName = "faultd"

// orBeside is the path, or else that of a binary for Linux beside this one, or
// "" if there is none.
func orBeside(path, name string) string {
	if path != "" || runtime.GOOS != "linux" {
		return path
	}
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	beside := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(beside); err != nil {
		return ""
	}
	return beside
}

// brokerInside makes this program the broker, by a link of its name.
func (a *app) brokerInside() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the broker in this binary: %w", err)
	}
	dir, err := os.MkdirTemp("", "ackproof-")
	if err != nil {
		return "", fmt.Errorf("find the broker in this binary: %w", err)
	}
	a.atEnd(func() { _ = os.RemoveAll(dir) })
	link := filepath.Join(dir, brokerName)
	if err := os.Symlink(self, link); err != nil {
		return "", fmt.Errorf("find the broker in this binary: %w", err)
	}
	return link, nil
}

// build is the build of the broker in this binary, and of one that is built
// from the same source.
func (a *app) build() string {
	var out bytes.Buffer
	server.Main([]string{"--version"}, nil, &out, a.stderr)
	return strings.TrimSpace(out.String())
}
