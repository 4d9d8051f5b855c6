package docker

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/require"
)

const (
	// roleVariable makes this test binary a harness that is to be killed.
	roleVariable = "ACKPROOF_DOCKER_TEST_ROLE"
	// requireVariable makes a missing engine a failure.
	requireVariable = "ACKPROOF_REQUIRE_DOCKER"
)

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) == "harness" {
		os.Exit(doomedHarness())
	}
	os.Exit(m.Run())
}

// requireEngine connects to the machine's engine, or skips the test.
func requireEngine(t *testing.T) *Engine {
	t.Helper()
	e, err := Connect(t.Context())
	if err != nil && os.Getenv(requireVariable) == "1" {
		require.NoError(t, err, "%s=1", requireVariable)
	}
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// newCluster makes a cluster that ends with the test and leaves nothing.
func newCluster(t *testing.T, options Options) *Cluster {
	t.Helper()
	e := requireEngine(t)
	options.Dir = t.TempDir()
	// As the suite has it: a quorum that elects within a part of a second.
	options.Properties = map[string]string{"controller.quorum.tick.ms": "50"}
	c, err := New(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, c.Stop())
		require.Empty(t, belongings(t, e, c.Run()))
	})
	return c
}

// belongings lists what carries a run's label, the janitor included.
func belongings(t *testing.T, e *Engine, run string) []string {
	t.Helper()
	ctx := context.Background() // the test's is over when it cleans up
	ofRun := make(client.Filters).Add("label", LabelRun+"="+run)
	containers, err := e.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ofRun})
	require.NoError(t, err)
	networks, err := e.api.NetworkList(ctx, client.NetworkListOptions{Filters: ofRun})
	require.NoError(t, err)
	volumes, err := e.api.VolumeList(ctx, client.VolumeListOptions{Filters: ofRun})
	require.NoError(t, err)
	var found []string
	for _, c := range containers.Items {
		found = append(found, fmt.Sprintf("container %s (%s)", c.Names, c.State))
	}
	for _, n := range networks.Items {
		found = append(found, "network "+n.Name)
	}
	for _, v := range volumes.Items {
		found = append(found, "volume "+v.Name)
	}
	return found
}

// limited is a context that fails a hanging test before the test run's limit.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits for a condition, for as long as a loaded machine may need.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 30*time.Second, 10*time.Millisecond, what)
}
