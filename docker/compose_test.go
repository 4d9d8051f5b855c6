package docker

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/ackproof/ackproof/broker/server"
)

type service struct {
	Image       string
	Hostname    string
	Environment map[string]string
	Ports       []string
	Volumes     []string
}

// The brokers of the compose file must take the settings that it gives them,
// know each other, and be reached where they say they are.
func TestComposeFileIsOneCluster(t *testing.T) {
	text, err := os.ReadFile("compose.yaml")
	require.NoError(t, err)
	var file struct {
		Services map[string]service
		Volumes  map[string]any
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	require.Len(t, file.Services, 3)
	baked := imageEnvironment(t)
	clients, volumes := map[string]bool{}, map[string]bool{}
	for name, s := range file.Services {
		require.Equal(t, "ackproof/broker:dev", s.Image)
		require.Equal(t, name, s.Hostname)
		env := baked
		for key, value := range s.Environment {
			env = append(env, key+"="+value)
		}
		settings, err := server.Load(nil, env)
		require.NoError(t, err, name)
		require.Equal(t, fmt.Sprintf("broker-%d", settings.Broker.NodeID), name)
		for _, voter := range settings.Voters {
			host, _, _ := strings.Cut(voter.Address, ":")
			require.Contains(t, file.Services, host)
		}
		for _, listener := range settings.Broker.Advertised {
			at := fmt.Sprintf("%s:%d", listener.Host, listener.Port)
			if listener.Name == "OUTSIDE" {
				require.Contains(t, s.Ports, at+":9092", "published where it is advertised")
				clients[at] = true
			} else {
				require.Equal(t, name+":9093", at)
			}
		}
		require.Len(t, s.Volumes, 1)
		volume, _, _ := strings.Cut(s.Volumes[0], ":")
		require.Contains(t, file.Volumes, volume)
		volumes[volume] = true
	}
	require.Len(t, clients, 3, "each has a port of its own")
	require.Len(t, volumes, 3, "each has a disk of its own")
}

// imageEnvironment reads what the Dockerfile sets.
func imageEnvironment(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("broker.Dockerfile")
	require.NoError(t, err)
	var env []string
	for word := range strings.FieldsSeq(string(text)) {
		if strings.HasPrefix(word, "ACKBROKER_") {
			env = append(env, word)
		}
	}
	require.Len(t, env, 3)
	return env
}
