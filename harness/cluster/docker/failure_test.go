package docker

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/require"
)

// requireFailedStart starts a cluster that cannot, and returns the one line.
func requireFailedStart(t *testing.T, c *Cluster) error {
	t.Helper()
	err := c.Start(limited(t))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "\n", "one line")
	require.NoError(t, c.Stop())
	require.Empty(t, belongings(t, requireEngine(t), c.Run()))
	require.ErrorContains(t, c.Start(limited(t)), "the cluster is stopped")
	return err
}

func TestStartWithItsPortTaken(t *testing.T) {
	requireEngine(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	c := newCluster(t, Options{Nodes: 1, Port: taken.Addr().(*net.TCPAddr).Port})
	err = requireFailedStart(t, c)
	require.ErrorIs(t, err, ErrPortTaken)
	require.ErrorContains(t, err, "node 1: agent: port is taken: "+taken.Addr().String())
}

func TestStartWithItsNetworkTaken(t *testing.T) {
	e := requireEngine(t)
	name := "ackproof-test-" + newRun()
	made, err := e.api.NetworkCreate(t.Context(), name, client.NetworkCreateOptions{})
	require.NoError(t, err)
	defer e.api.NetworkRemove(t.Context(), made.ID, client.NetworkRemoveOptions{})
	err = requireFailedStart(t, newCluster(t, Options{Nodes: 1, Name: name}))
	require.ErrorIs(t, err, ErrNameTaken)
	require.ErrorContains(t, err, name)
}

func TestStartWithABrokerThatRefusesItsConfiguration(t *testing.T) {
	c := newCluster(t, Options{Nodes: 1, Mutant: "no-such-bug"})
	err := requireFailedStart(t, c)
	require.ErrorContains(t, err, `node 1: ended by itself: exit code 254: ackbroker: property "mutant": "no-such-bug" is not allowed`)
	require.Len(t, c.Unexpected(), 1)
}

func TestStartWithABinaryThatIsNone(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755))
	err := requireFailedStart(t, newCluster(t, Options{Nodes: 1, Broker: script}))
	require.ErrorContains(t, err, "it is not a Linux program")
}

// The network is ours, whoever else came into it and whoever cleans up.
func TestAStrangerInTheNetworkIsInNobodysWay(t *testing.T) {
	e := requireEngine(t)
	for name, end := range map[string]func(*Cluster) error{
		"sweep": func(c *Cluster) error {
			return errors.Join(e.removeContainer(t.Context(), c.janitor.id), e.sweep(t.Context()))
		},
		"janitor": func(c *Cluster) error { return c.janitor.stdin.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, Options{Nodes: 1})
			require.NoError(t, c.Start(limited(t)))
			stranger, err := e.api.ContainerCreate(t.Context(), client.ContainerCreateOptions{
				Config: &container.Config{
					Image: agentImage(t, c), Cmd: []string{"janitor", LabelRun + "=" + newRun()}, OpenStdin: true,
				},
				HostConfig: &container.HostConfig{NetworkMode: container.NetworkMode(c.name)},
			})
			require.NoError(t, err)
			defer e.removeQuietly(stranger.ID)
			_, err = e.api.ContainerStart(t.Context(), stranger.ID, client.ContainerStartOptions{})
			require.NoError(t, err)
			require.NoError(t, end(c))
			eventually(t, "nothing is left", func() bool { return len(belongings(t, e, c.Run())) == 0 })
		})
	}
}

// Without its image a container is not even asked for from a registry.
func TestMissingImageIsOneLine(t *testing.T) {
	e := requireEngine(t)
	_, err := e.startJanitor(limited(t), image{"faultd", []byte(newRun())}.reference(), "ackproof-test-"+newRun(), newRun())
	require.ErrorIs(t, err, ErrNoImage)
	require.False(t, strings.Contains(err.Error(), "\n"))
}

func agentImage(t *testing.T, c *Cluster) string {
	t.Helper()
	images, err := c.engine.ensureImages(t.Context(), c.options)
	require.NoError(t, err)
	return images.agent
}
