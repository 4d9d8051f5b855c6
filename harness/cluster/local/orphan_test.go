package local

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis"
)

// doomedHarness starts a cluster, prints its brokers' pids and waits for its
// end. On Linux one broker is paused: it cannot notice anything by itself.
func doomedHarness() int {
	os.Setenv(roleVariable, "broker")
	binary, err := os.Executable()
	if err != nil {
		return 1
	}
	c, err := New(Options{Dir: os.Args[1], Nodes: 3, Binary: binary})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := c.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if runtime.GOOS == "linux" {
		if err := c.Pause(context.Background(), 2); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	for _, n := range c.nodes {
		fmt.Println(n.process.Load().pid())
	}
	select {}
}

func TestNoBrokerOutlivesAKilledHarness(t *testing.T) {
	harness := exec.Command(testBinary(t), t.TempDir())
	harness.Env = append(os.Environ(), roleVariable+"=harness")
	harness.Stderr = os.Stderr
	out, err := harness.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, harness.Start())
	defer harness.Process.Kill()

	var pids []int
	lines := bufio.NewScanner(out)
	for len(pids) < 3 && lines.Scan() {
		pid, err := strconv.Atoi(lines.Text())
		require.NoError(t, err)
		state, err := processState(pid)
		require.NoError(t, err)
		require.NotEqual(t, nemesis.StateDead, state)
		pids = append(pids, pid)
	}
	require.Len(t, pids, 3, "the harness did not get its cluster up")

	require.NoError(t, harness.Process.Kill())
	harness.Wait()
	for _, pid := range pids {
		require.Eventually(t, func() bool {
			state, err := processState(pid)
			return err == nil && state == nemesis.StateDead
		}, 5*time.Second, 5*time.Millisecond, "broker with pid %d is left", pid)
	}
}

func TestBrokersSeeTheParentPipeClose(t *testing.T) {
	c := newTestCluster(t, Options{Nodes: 2})
	require.NoError(t, c.Start(limited(t)))
	require.NoError(t, c.aliveWrite.Close())
	c.aliveWrite = nil
	eventually(t, "brokers end by themselves", func() bool { return len(c.Unexpected()) == 2 })
	require.Contains(t, c.Unexpected()[0], "the harness is gone")
}
