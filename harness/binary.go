package harness

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// brokerBuild asks the configuration's broker for its build, which also shows
// that it is one.
func brokerBuild(ctx context.Context, c Config) (string, error) {
	if c.Cluster == Docker {
		switch {
		case c.Broker == "":
			return c.Build, nil
		case runtime.GOOS != "linux":
			return c.Broker + ", which only Linux can ask for its build", nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, c.Broker, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("broker is %q, allowed is the path of an ackbroker binary: --version: %w", c.Broker, err)
	}
	return strings.TrimSpace(string(out)), nil
}
