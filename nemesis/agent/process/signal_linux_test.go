package process

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/nemesis/agent"
)

// startTree starts a shell and a child of it, named for this test alone.
func startTree(t *testing.T) (match agent.Match, shell, child int) {
	t.Helper()
	mark := fmt.Sprintf("mark-%d-%s", os.Getpid(), t.Name())
	cmd := exec.Command("sh", "-c", "sleep 600 & echo $!; wait", mark)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		syscall.Kill(child, syscall.SIGKILL)
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	_, err = fmt.Sscan(strings.TrimSpace(line), &child)
	require.NoError(t, err)
	return agent.Match{Cmdline: mark}, cmd.Process.Pid, child
}

func state(t *testing.T, pid int) string {
	t.Helper()
	p, err := Table{}.Read(pid)
	if gone(err) {
		return "gone"
	}
	require.NoError(t, err)
	return string(p.State)
}

func awaitState(t *testing.T, pid int, cause string, wanted func([]byte) bool) {
	t.Helper()
	p, err := Table{}.Read(pid)
	require.NoError(t, err)
	require.NoError(t, Table{}.await(p, cause, wanted))
}

func TestKillEndsTheTree(t *testing.T) {
	match, shell, child := startTree(t)
	pids, err := Table{}.Kill(match)
	require.NoError(t, err)
	require.ElementsMatch(t, []int{shell, child}, pids)
	require.Equal(t, "Z", state(t, shell), "ended; this test is its parent and has not waited")
	require.Contains(t, []string{"Z", "gone"}, state(t, child))

	pids, err = Table{}.Kill(match)
	require.NoError(t, err)
	require.Empty(t, pids, "what has ended is not killed again")
}

func TestKillEndsWhatIsPaused(t *testing.T) {
	match, shell, _ := startTree(t)
	_, err := NewPauser(Table{}).Apply([]agent.Match{match})
	require.NoError(t, err)
	pids, err := Table{}.Kill(match)
	require.NoError(t, err)
	require.Contains(t, pids, shell)
}

func TestPauserStopsAndContinuesTheTree(t *testing.T) {
	match, shell, child := startTree(t)
	pauser := NewPauser(Table{})

	changed, err := pauser.Apply([]agent.Match{match})
	require.NoError(t, err)
	require.True(t, changed)
	require.True(t, pauser.Holds())
	require.Equal(t, "T", state(t, shell))
	require.Equal(t, "T", state(t, child))

	changed, err = pauser.Apply([]agent.Match{match})
	require.NoError(t, err)
	require.False(t, changed, "the same twice is no change")

	require.NoError(t, syscall.Kill(child, syscall.SIGCONT))
	awaitState(t, child, "SIGCONT", noneStopped)
	changed, err = pauser.Apply([]agent.Match{match})
	require.NoError(t, err)
	require.True(t, changed, "somebody else continued it")
	require.Equal(t, "T", state(t, child))

	changed, err = pauser.Apply(nil)
	require.NoError(t, err)
	require.True(t, changed)
	require.False(t, pauser.Holds())
	require.NotEqual(t, "T", state(t, shell))
	require.NotEqual(t, "T", state(t, child))
}

func TestPauserForgetsWhatEnded(t *testing.T) {
	match, _, _ := startTree(t)
	pauser := NewPauser(Table{})
	_, err := pauser.Apply([]agent.Match{match})
	require.NoError(t, err)
	_, err = Table{}.Kill(match)
	require.NoError(t, err)
	_, err = pauser.Apply(nil)
	require.NoError(t, err)
	require.False(t, pauser.Holds())
}

func TestPauserLeavesAloneWhatItDidNotStop(t *testing.T) {
	match, shell, child := startTree(t)
	require.NoError(t, syscall.Kill(child, syscall.SIGSTOP))
	awaitState(t, child, "SIGSTOP", onlyStopped)
	pauser := NewPauser(Table{})
	changed, err := pauser.Apply([]agent.Match{{Name: "no such process"}})
	require.NoError(t, err)
	require.False(t, changed)
	_, err = pauser.Apply(nil)
	require.NoError(t, err)
	require.Equal(t, "T", state(t, child))
	require.NotEqual(t, "T", state(t, shell))
	_, err = Table{}.Kill(match)
	require.NoError(t, err)
}
