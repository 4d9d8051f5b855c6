package docker

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The binaries, by their names in images and as processes. Faults find a broker
// by its name.
const (
	brokerName = "ackbroker"
	agentName  = "faultd"
)

// loadBinary reads the binary at path, or builds ours if there is no path.
func loadBinary(ctx context.Context, name, path, arch string) (image, error) {
	if path == "" {
		var err error
		if path, err = buildBinary(ctx, name, arch); err != nil {
			return image{}, fmt.Errorf("build %s for linux/%s: %w", name, arch, err)
		}
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		return image{}, fmt.Errorf("binary of %s: %w", name, err)
	}
	if err := checkStatic(binary, arch); err != nil {
		return image{}, fmt.Errorf("binary of %s %q: %w, allowed is a static one for linux/%s (built with CGO_ENABLED=0)", name, path, err, arch)
	}
	return image{name: name, binary: binary}, nil
}

// checkStatic tells why a binary cannot be the only file of an image.
func checkStatic(binary []byte, arch string) error {
	file, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil {
		return errors.New("it is not a Linux program")
	}
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	if want, known := machines[arch]; known && file.Machine != want {
		return fmt.Errorf("it is for %v", file.Machine)
	}
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			return errors.New("it is linked to libraries")
		}
	}
	return nil
}

const commands = "github.com/ackproof/ackproof/cmd/"

// buildBinary builds one of our commands with the user's Go, as on a laptop
// whose own binaries are not for Linux. The result stays in the user's cache,
// where the next build finds it up to date and does nothing.
func buildBinary(ctx context.Context, name, arch string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "ackproof", "linux-"+arch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, commands+name)
	// The temporary folder in the same place makes the last step a rename, so
	// that another harness never reads half a binary.
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=", "GOTMPDIR="+dir)
	if out, err := build.CombinedOutput(); err != nil {
		return "", flatten(fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out))))
	}
	return path, nil
}
