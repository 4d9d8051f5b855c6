package docker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/moby/moby/client"
)

// engineHosts lists where an engine may be, the likeliest first. A DOCKER_HOST
// is the only one: who set it does not want another.
func engineHosts() []string {
	if host := os.Getenv(client.EnvOverrideHost); host != "" {
		return []string{host}
	}
	var hosts []string
	home, err := os.UserHomeDir()
	if err == nil {
		if host := contextHost(filepath.Join(home, ".docker")); host != "" {
			hosts = append(hosts, host)
		}
	}
	hosts = append(hosts, client.DefaultDockerHost)
	// Engines without root, and those of Docker Desktop.
	sockets := []string{}
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); runtime != "" {
		sockets = append(sockets, filepath.Join(runtime, "docker.sock"))
	}
	if err == nil {
		sockets = append(sockets, filepath.Join(home, ".docker/run/docker.sock"), filepath.Join(home, ".docker/desktop/docker.sock"))
	}
	for _, socket := range sockets {
		if fileExists(socket) {
			hosts = append(hosts, "unix://"+socket)
		}
	}
	// Dropping doubles keeps the message short when none answers.
	seen := map[string]bool{}
	return slices.DeleteFunc(hosts, func(host string) bool {
		double := seen[host]
		seen[host] = true
		return double
	})
}

// contextHost is the endpoint of the docker command's current context, or ""
// if that is the default one or cannot be read.
func contextHost(dir string) string {
	var config struct{ CurrentContext string }
	name := os.Getenv("DOCKER_CONTEXT")
	if name == "" && readJSON(filepath.Join(dir, "config.json"), &config) {
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return ""
	}
	var meta struct {
		Endpoints struct{ Docker struct{ Host string } }
	}
	id := sha256.Sum256([]byte(name)) // the docker command names its files so
	if !readJSON(filepath.Join(dir, "contexts/meta", hex.EncodeToString(id[:]), "meta.json"), &meta) {
		return ""
	}
	return meta.Endpoints.Docker.Host
}

func readJSON(path string, into any) bool {
	text, err := os.ReadFile(path)
	return err == nil && json.Unmarshal(text, into) == nil
}
