package docker

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/client"
	testcontainers "github.com/testcontainers/testcontainers-go"
)

// Ryuk is Testcontainers' own janitor, whose image comes from a registry. Ours
// always runs; Ryuk runs beside it where it can be had and nobody disabled it.
const (
	ryukDisabled = "TESTCONTAINERS_RYUK_DISABLED"
	ryukPrefix   = "TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX"
	ryukLimit    = 20 * time.Second // to pull its image
)

// ryukTold keeps the line about its absence to one in a process.
var ryukTold sync.Once

// settleRyuk disables Ryuk where its image is absent and cannot be pulled:
// Testcontainers would otherwise start nothing at all. It says so in one line.
func (e *Engine) settleRyuk(ctx context.Context) error {
	if os.Getenv(ryukDisabled) != "" || ryukDisabledInFile() {
		return nil
	}
	image := testcontainers.ReaperDefaultImage //nolint:staticcheck // it is what will be asked for, deprecated or not
	if prefix := os.Getenv(ryukPrefix); prefix != "" {
		image = strings.TrimSuffix(prefix, "/") + "/" + image
	}
	if _, err := e.api.ImageInspect(ctx, image); err == nil {
		return nil
	}
	err := e.pull(ctx, image)
	if err == nil {
		return nil
	}
	ryukTold.Do(func() {
		fmt.Fprintf(os.Stderr, "docker: without Ryuk, our own janitor cleans up: %v\n", flatten(err))
	})
	return os.Setenv(ryukDisabled, "true")
}

func (e *Engine) pull(ctx context.Context, image string) error {
	ctx, cancel := context.WithTimeout(ctx, ryukLimit)
	defer cancel()
	pull, err := e.api.ImagePull(ctx, image, client.ImagePullOptions{})
	if err != nil {
		return err
	}
	defer pull.Close()
	return pull.Wait(ctx)
}

// ryukDisabledInFile reads what Testcontainers would read if the environment
// says nothing.
func ryukDisabledInFile() bool {
	home, err := os.UserHomeDir()
	if err != nil {
		return false
	}
	file, err := os.Open(filepath.Join(home, ".testcontainers.properties"))
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	return disablesRyuk(file)
}

func disablesRyuk(properties io.Reader) bool {
	for lines := bufio.NewScanner(properties); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		if strings.TrimSpace(key) == "ryuk.disabled" && strings.TrimSpace(value) == "true" {
			return true
		}
	}
	return false
}
