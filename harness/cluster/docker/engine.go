package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/client"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// ErrNoEngine is the error of a machine on which no Docker engine answers.
var ErrNoEngine = errors.New("no Docker engine answers")

// Engine is a Docker engine that answers.
type Engine struct {
	Host    string // where it was reached, such as unix:///var/run/docker.sock
	Version string // of the engine, such as 20.10.24
	API     string // the version of its API that is spoken, such as 1.41
	Storage string // its storage driver, such as overlay2
	Kernel  string // of the machine that it runs on
	System  string // that machine's operating system, in the engine's words
	Arch    string // of its containers, as Go calls it
	Root    string // its data's folder, on its machine

	api *client.Client
}

// engineLimit bounds the first questions to an engine.
const engineLimit = 5 * time.Second

// Connect finds the engine that the docker command would use, or one in the
// usual places. Its errors are ErrNoEngine or name what the engine lacks.
//
// Testcontainers reads its settings from the environment, once in a process, so
// Connect sets what it found there: DOCKER_HOST if it was unset,
// TESTCONTAINERS_HOST_OVERRIDE inside of a container, and
// TESTCONTAINERS_RYUK_DISABLED where Ryuk cannot be had.
func Connect(ctx context.Context) (*Engine, error) {
	quietTestcontainers()
	var errs []error
	for _, host := range engineHosts() {
		e, err := connectTo(ctx, host)
		if err == nil {
			return e, e.settle(ctx)
		}
		errs = append(errs, err)
	}
	return nil, flatten(errors.Join(errs...))
}

// quietTestcontainers keeps it from telling the user's terminal of every step.
var quietTestcontainers = sync.OnceFunc(func() { tclog.SetDefault(tclog.NewNoopLogger()) })

func connectTo(ctx context.Context, host string) (*Engine, error) {
	ctx, cancel := context.WithTimeout(ctx, engineLimit)
	defer cancel()
	api, err := client.New(client.FromEnv, client.WithHost(host))
	if err != nil {
		return nil, fmt.Errorf("%w: DOCKER_HOST %q: %w", ErrNoEngine, host, err)
	}
	e, err := ask(ctx, api, host)
	if err != nil {
		return nil, errors.Join(err, api.Close())
	}
	return e, nil
}

// ask reads what the engine is, and refuses one that cannot do.
func ask(ctx context.Context, api *client.Client, host string) (*Engine, error) {
	ping, err := api.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	if ping.APIVersion != "" && err != nil {
		return nil, fmt.Errorf("docker engine at %s: API version %s: allowed is %s or newer", host, ping.APIVersion, client.MinAPIVersion)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%s: %w)", ErrNoEngine, host, err)
	}
	if ping.OSType != "linux" {
		return nil, fmt.Errorf("docker engine at %s: its containers are of %q, allowed is linux", host, ping.OSType)
	}
	info, err := api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return nil, fmt.Errorf("%w (%s: %w)", ErrNoEngine, host, err)
	}
	return &Engine{
		Host: host, Version: info.Info.ServerVersion, API: api.ClientVersion(), Storage: info.Info.Driver,
		Kernel: info.Info.KernelVersion, System: info.Info.OperatingSystem, Arch: goArch(info.Info.Architecture),
		Root: info.Info.DockerRootDir,
		api:  api,
	}, nil
}

// goArch turns the kernel's name of an architecture into Go's.
func goArch(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	}
	return machine
}

// Here tells whether the engine's files are this machine's: it is reached by a
// socket, and its data's folder is there.
func (e *Engine) Here() bool {
	return strings.HasPrefix(e.Host, "unix://") && fileExists(e.Root)
}

// Skew is by how much the engine's wall clock is ahead of this machine's, to
// the time that a question takes.
func (e *Engine) Skew(ctx context.Context) (time.Duration, error) {
	asked := time.Now()
	info, err := e.api.Info(ctx, client.InfoOptions{})
	answered := time.Now()
	if err != nil {
		return 0, explain(err)
	}
	theirs, err := time.Parse(time.RFC3339Nano, info.Info.SystemTime)
	if err != nil {
		return 0, fmt.Errorf("the engine's time %q: %w", info.Info.SystemTime, err)
	}
	return theirs.Sub(asked.Add(answered.Sub(asked) / 2)), nil
}

// Close ends the connections to the engine.
func (e *Engine) Close() error { return e.api.Close() }

// settle tells Testcontainers, through the environment, what was found.
func (e *Engine) settle(ctx context.Context) error {
	defaults := map[string]string{}
	if os.Getenv(client.EnvOverrideHost) == "" {
		defaults[client.EnvOverrideHost] = e.Host
	}
	// Inside of a container Testcontainers takes the default gateway for the
	// machine with the engine; but where the engine's socket is a file here,
	// and often where it is not, its ports are on this machine's loopback.
	if os.Getenv(hostOverride) == "" && fileExists("/.dockerenv") && !strings.HasPrefix(e.Host, "tcp://") {
		defaults[hostOverride] = loopback
	}
	for name, value := range defaults {
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return e.settleRyuk(ctx)
}

const (
	hostOverride = "TESTCONTAINERS_HOST_OVERRIDE"
	loopback     = "127.0.0.1"
)

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// published is where ports that containers publish are reached: the engine's
// host, or this machine if the engine is on it.
func (e *Engine) published() string {
	host := os.Getenv(hostOverride)
	if at, err := url.Parse(e.Host); host == "" && err == nil && at.Scheme == "tcp" {
		host = at.Hostname()
	}
	if host == "" || host == "localhost" { // which may be ::1, where nothing is published
		return loopback
	}
	return host
}

// bindAddress is where containers publish their ports: nobody else than this
// machine can reach them, unless the engine is elsewhere.
func (e *Engine) bindAddress() netip.Addr {
	if ip := net.ParseIP(e.published()); ip != nil && ip.IsLoopback() {
		return netip.MustParseAddr(loopback)
	}
	return netip.IPv4Unspecified()
}
