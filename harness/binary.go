package harness

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// brokerBuild asks a broker binary for its build, which also shows that it is
// one.
func brokerBuild(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("broker is %q, allowed is the path of an ackbroker binary: --version: %w", path, err)
	}
	return strings.TrimSpace(string(out)), nil
}
