package docker

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// doomedHarness starts a cluster with a paused node, prints its run and waits
// for its end.
func doomedHarness() int {
	ctx := context.Background()
	c, err := New(ctx, Options{Dir: os.Args[1], Nodes: 2})
	if err == nil {
		err = c.Start(ctx)
	}
	if err == nil {
		err = c.Pause(ctx, 2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(c.Run())
	select {}
}

func TestNothingOutlivesAKilledHarness(t *testing.T) {
	e := requireEngine(t)
	harness := exec.Command(os.Args[0], t.TempDir())
	harness.Env = append(os.Environ(), roleVariable+"=harness")
	harness.Stderr = os.Stderr
	out, err := harness.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, harness.Start())
	defer harness.Process.Kill()

	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan(), "the harness did not get its cluster up")
	run := lines.Text()
	require.Len(t, belongings(t, e, run), 1+2*2+1+2, "janitor, agents and brokers, network, volumes")

	require.NoError(t, harness.Process.Kill())
	harness.Wait()
	require.Eventually(t, func() bool { return len(belongings(t, e, run)) == 0 }, 5*time.Second, 50*time.Millisecond)
}
