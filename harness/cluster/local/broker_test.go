package local

import (
	"net"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The real broker says that its port is taken in the words that the cluster
// looks for. With many clusters on one machine that is everyday's business.
func TestRealBrokersMoveToOtherPorts(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED by -short: builds and starts real brokers")
	}
	binary := filepath.Join(t.TempDir(), "ackbroker")
	out, err := exec.Command("go", "build", "-o", binary, "github.com/ackproof/ackproof/cmd/ackbroker").CombinedOutput()
	require.NoError(t, err, string(out))

	c, err := New(Options{Dir: t.TempDir(), Nodes: 3, Binary: binary})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	var taken []string
	for i, port := range []int{
		c.nodes[0].ports.Load().inside, c.nodes[1].ports.Load().outside, c.nodes[2].ports.Load().http,
	} {
		squatter, err := net.Listen("tcp", address(port))
		require.NoError(t, err, "node %d", i+1)
		defer squatter.Close()
		taken = append(taken, address(port))
	}
	require.NoError(t, c.Start(limited(t)))
	require.Empty(t, c.Unexpected(), "a taken port is no death")
	require.NotEqual(t, taken[0], address(c.nodes[0].ports.Load().inside))
	require.NotEqual(t, taken[1], address(c.nodes[1].ports.Load().outside))
	require.NotEqual(t, taken[2], c.HTTP(3))
}
